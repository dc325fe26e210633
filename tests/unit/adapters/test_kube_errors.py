"""Kubernetes' refusals in hpctl's words."""

from __future__ import annotations

import json

from hpctl.adapters.kube.errors import Asked, Deed, answered, refused
from hpctl.errors import AccessError

EXEC = Deed("create", "pods/exec", "training", "us-west-2", "team", "train-0")


def said(message: str) -> bytes:
    return json.dumps({"kind": "Status", "message": message}).encode()


def test_the_permission_that_is_missing_is_the_one_that_kubernetes_names() -> None:
    words = 'pods "train-0" is forbidden: User "ada" cannot get resource "pods/exec" in API group ""'
    error, name = refused(403, said(words), EXEC), "get-pods-exec"
    assert isinstance(error, AccessError)
    assert error.message.startswith("Kubernetes denied to get `pods/exec` `train-0` in namespace `team`")
    assert (error.hint or "").splitlines() == [
        "the caller needs the Kubernetes permission to get `pods/exec` in namespace `team`",
        "kubectl create role get-pods-exec --namespace team --verb=get --resource=pods/exec",
        f"kubectl create rolebinding {name} --namespace team --role={name} --group=<group of your access entry>",
    ]


def test_what_holds_in_all_namespaces_is_a_cluster_role() -> None:
    error = refused(403, b"", Deed("list", "pods", "training", "us-west-2"))
    assert "kubectl create clusterrolebinding list-pods --clusterrole=list-pods --group=" in (error.hint or "")


def test_a_list_that_is_denied_says_so() -> None:
    error = answered(403, said("no"), Asked("nodes", "training", "us-west-2"))
    assert error.message == "Kubernetes denied to list `nodes` of EKS cluster `training`: no"
