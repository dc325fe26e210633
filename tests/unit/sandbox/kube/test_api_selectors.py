"""Which objects label and field selectors choose, and how paths, bodies and forms are read."""

from __future__ import annotations

import json

import pytest

from hpctl.sandbox.kube import media
from hpctl.sandbox.kube.builtins import BUILT_IN
from hpctl.sandbox.kube.discovery import AGGREGATED
from hpctl.sandbox.kube.requests import attributes, place
from hpctl.sandbox.kube.resources import Attributes
from hpctl.sandbox.kube.selectors import of_object, selector
from hpctl.sandbox.kube.status import StatusError

PODS = next(resource for resource in BUILT_IN if resource.plural == "pods")
POD = {
    "metadata": {"name": "p", "namespace": "n", "labels": {"app": "web", "tier": "2", "a.io/x": ""}},
    "spec": {"nodeName": "node-1"},
    "status": {"phase": "Running"},
}


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        ("", True),
        ("app=web", True),
        ("app == web,tier=2", True),
        ("app!=web", False),
        ("missing!=x", True),
        ("app in (web, db), tier notin (1)", True),
        ("app notin (web)", False),
        ("missing notin (web)", True),
        ("app", True),
        ("!app", False),
        ("! missing", True),
        ("tier>1", True),
        ("tier<2", False),
        ("app>1", False),
        ("a.io/x=", True),
        ("a.io/x", True),
    ],
)
def test_labels(labels: str, chosen: bool) -> None:
    assert selector(PODS, labels, "").matches(POD) is chosen


@pytest.mark.parametrize("labels", ["a b", "a in b", "a in (b", "=x", "a=b c", "a/b/c=d", "x>y", "a=b=c", "a=-"])
def test_labels_that_make_no_sense_are_refused(labels: str) -> None:
    with pytest.raises(StatusError, match="unable to parse requirement") as refused:
        selector(PODS, labels, "")
    assert refused.value.code == 400


@pytest.mark.parametrize(
    ("fields", "chosen"),
    [
        ("metadata.name=p", True),
        ("metadata.namespace!=n", False),
        ("spec.nodeName=node-1,status.phase!=Failed", True),
        ("spec.hostNetwork=false", True),
        ("status.podIP=", True),
    ],
)
def test_fields(fields: str, chosen: bool) -> None:
    assert selector(PODS, "", fields).matches(POD) is chosen


def test_the_selectors_of_objects() -> None:
    terms = [{"key": "tier", "operator": "In", "values": ["1", "2"]}, {"key": "gone", "operator": "DoesNotExist"}]
    assert of_object({"matchLabels": {"app": "web"}, "matchExpressions": terms}).matches(POD)
    assert not of_object({"matchLabels": {"app": "db"}}).matches(POD)
    assert of_object({}).matches(POD)
    assert not of_object(None).matches(POD)


@pytest.mark.parametrize(
    ("method", "path", "query", "wish"),
    [
        ("GET", "/api/v1/pods", {}, Attributes("list", "", "pods")),
        ("GET", "/api/v1/pods", {"watch": "1"}, Attributes("watch", "", "pods")),
        ("GET", "/api/v1/namespaces/n/pods/p", {"watch": "1"}, Attributes("get", "", "pods", "", "n", "p")),
        ("GET", "/api/v1/namespaces/n/pods/p/log", {}, Attributes("get", "", "pods", "log", "n", "p")),
        ("POST", "/apis/apps/v1/namespaces/n/deployments", {}, Attributes("create", "apps", "deployments", "", "n")),
        ("PUT", "/api/v1/namespaces/n", {}, Attributes("update", "", "namespaces", "", "n", "n")),
        ("PUT", "/api/v1/namespaces/n/finalize", {}, Attributes("update", "", "namespaces", "finalize", "n", "n")),
        ("GET", "/api/v1/namespaces", {}, Attributes("list", "", "namespaces")),
        ("DELETE", "/api/v1/namespaces/n/pods", {}, Attributes("deletecollection", "", "pods", "", "n")),
        ("DELETE", "/api/v1/nodes/x", {}, Attributes("delete", "", "nodes", "", "", "x")),
        ("PATCH", "/api/v1/nodes/x/status", {}, Attributes("patch", "", "nodes", "status", "", "x")),
        (
            "GET",
            "/api/v1/namespaces/n/secrets",
            {"fieldSelector": "metadata.name=s"},
            Attributes("list", "", "secrets", "", "n", "s"),
        ),
        ("GET", "/apis/apps/v1", {}, Attributes("get", path="/apis/apps/v1")),
        ("GET", "/version", {}, Attributes("get", path="/version")),
    ],
)
def test_what_a_request_is_authorized_by(method: str, path: str, query: dict[str, str], wish: Attributes) -> None:
    assert attributes(method, place(path), query) == wish


def test_a_client_gets_the_first_form_that_can_be_had() -> None:
    table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    assert media.wanted(table).kind == "Table"
    assert media.wanted("application/json;as=Table;v=v9;g=meta.k8s.io,application/json").kind == ""
    assert media.wanted("application/vnd.kubernetes.protobuf,application/json").media == "application/json"
    assert media.wanted("application/yaml").written({"a": [1]}) == b"a:\n- 1\n"
    newest = "application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList"
    known = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    assert media.wanted(f"{newest},{known},application/json", AGGREGATED).version == "v2"
    assert media.wanted(newest + ",application/json", AGGREGATED).kind == ""
    with pytest.raises(StatusError, match="only the following media types are accepted") as refused:
        media.wanted("application/vnd.kubernetes.protobuf")
    assert refused.value.code == 406


def test_a_body_is_json_or_yaml_or_refused() -> None:
    assert media.read(b"a: [1]", "application/yaml; charset=utf-8") == {"a": [1]}
    assert media.read(b'{"a": 1}', "") == {"a": 1}
    twice: list[str] = []
    assert media.read(b'{"a": 1, "b": {"c": 1, "c": 2}}', "application/json", twice) == {"a": 1, "b": {"c": 2}}
    assert twice == ["c"]
    for body, content_type, code in (
        (b"a: b", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"a: [", "application/yaml", 400),
    ):
        with pytest.raises(StatusError) as refused:
            media.read(body, content_type)
        assert (refused.value.code, json.dumps(refused.value.status)[:19]) == (code, '{"kind": "Status", ')
