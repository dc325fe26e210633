"""Objects are addressed by their own names and nobody else's."""

from __future__ import annotations

import pytest

from hpctl.facts.jobs import NAMESPACE, POD, PYTORCH_JOB


def test_an_object_has_its_place() -> None:
    assert PYTORCH_JOB.path("team", "a.b-1") == "/apis/kubeflow.org/v1/namespaces/team/pytorchjobs/a.b-1"
    assert POD.path("team", "p", "log") == "/api/v1/namespaces/team/pods/p/log"
    assert POD.path(None) == "/api/v1/pods"
    assert NAMESPACE.path("team", "team") == "/api/v1/namespaces/team"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("a?watch=1", "a%3Fwatch%3D1"),
        ("../x", "..%2Fx"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("a b\n", "a%20b%0A"),
        ("ü", "%C3%BC"),
        ("a%2fb", "a%252fb"),
        ("a#b", "a%23b"),
    ],
)
def test_no_name_leads_to_another_place(name: str, part: str) -> None:
    assert POD.path("team", name, "log") == f"/api/v1/namespaces/team/pods/{part}/log"
    assert POD.path(name, "p") == f"/api/v1/namespaces/{part}/pods/p"
