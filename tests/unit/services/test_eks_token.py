from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hpctl.errors import UsageError
from hpctl.services.eks_token import exec_credential, wanted_version

V1, V1BETA1 = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"


def info(**members: object) -> dict[str, str]:
    return {"KUBERNETES_EXEC_INFO": json.dumps({"kind": "ExecCredential", "spec": {"interactive": False}, **members})}


@pytest.mark.parametrize(
    ("env", "version"), [({}, V1), ({"KUBERNETES_EXEC_INFO": ""}, V1), (info(apiVersion=V1BETA1), V1BETA1)]
)
def test_the_version_is_the_one_that_kubectl_expects(env: dict[str, str], version: str) -> None:
    assert wanted_version(env) == version


def test_a_version_that_hpctl_does_not_speak_is_refused() -> None:
    with pytest.raises(UsageError, match=r"asks for a credential in `client\.authentication\.k8s\.io/v1alpha1`"):
        wanted_version(info(apiVersion="client.authentication.k8s.io/v1alpha1"))


@pytest.mark.parametrize("told", ["{", "[]", "7", "{}"])
def test_words_that_are_not_kubectls_are_refused(told: str) -> None:
    with pytest.raises(UsageError, match="KUBERNETES_EXEC_INFO is no ExecCredential"):
        wanted_version({"KUBERNETES_EXEC_INFO": told})


def test_the_credential_is_what_kubectl_reads() -> None:
    there = timezone(timedelta(hours=2))
    text = exec_credential(V1, "k8s-aws-v1.abc", datetime(2026, 1, 1, 2, 14, 0, 999_999, tzinfo=there))
    assert json.loads(text) == {
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {},
        "status": {"expirationTimestamp": "2026-01-01T00:14:00Z", "token": "k8s-aws-v1.abc"},
    }
    assert datetime.fromisoformat(json.loads(text)["status"]["expirationTimestamp"]).tzinfo == UTC
