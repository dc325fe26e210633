"""Kubernetes objects become rows: of workloads, where their pods go and what they run."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.adapters.kube.objects import node_of, workload_of
from hpctl.facts.kubernetes import Taint, Toleration, Workload

TYPE = "node.kubernetes.io/instance-type"


def a_daemon_set(**pod: Any) -> dict[str, Any]:
    body = {"containers": [{"image": "plugin:v1"}, {"image": "other"}], **pod}
    return {
        "metadata": {"namespace": "kube-system", "name": "plugin"},
        "spec": {"template": {"spec": body}},
        "status": {"desiredNumberScheduled": 2, "numberReady": 1},
    }


def kept_to(*terms: list[dict[str, Any]]) -> dict[str, Any]:
    required = {"nodeSelectorTerms": [{"matchExpressions": rules} for rules in terms]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def rule(*types: str, operator: str = "In", key: str = TYPE) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(types)}


def test_a_daemon_set_tells_its_images_and_tolerations() -> None:
    given = [{"operator": "Exists"}, {"key": "team", "value": "blue", "effect": "NoSchedule"}]
    assert workload_of("DaemonSet", a_daemon_set(tolerations=given)) == Workload(
        "DaemonSet",
        "kube-system",
        "plugin",
        2,
        1,
        images=("plugin:v1", "other"),
        tolerations=(Toleration("", "Exists"), Toleration("team", "Equal", "blue", "NoSchedule")),
    )


@pytest.mark.parametrize(
    ("pod", "types"),
    [
        ({}, None),
        ({"nodeSelector": {TYPE: "ml.a"}}, ("ml.a",)),
        (kept_to([rule("ml.a", "ml.b")]), ("ml.a", "ml.b")),
        (kept_to([rule("ml.a")], [rule("ml.b")]), ("ml.a", "ml.b")),
        (kept_to([rule("ml.a")], [rule("yes", key="other")]), None),
        (kept_to([rule("ml.a", operator="NotIn")]), None),
        (kept_to([rule("ml.a"), rule("yes", key="other")]), ("ml.a",)),
    ],
)
def test_the_types_that_pods_are_kept_to_are_told(pod: dict[str, Any], types: tuple[str, ...] | None) -> None:
    assert workload_of("DaemonSet", a_daemon_set(**pod)).instance_types == types


def test_a_node_tells_its_annotations() -> None:
    assert node_of({"metadata": {"name": "n", "annotations": {"a": "b"}}}).annotations == {"a": "b"}


@pytest.mark.parametrize(
    ("toleration", "bears"),
    [
        (Toleration(operator="Exists"), True),
        (Toleration("team", "Exists"), True),
        (Toleration("team", value="blue"), True),
        (Toleration("team", value="blue", effect="NoSchedule"), True),
        (Toleration("team", value="green"), False),
        (Toleration("team"), False),
        (Toleration("other", "Exists"), False),
        (Toleration("team", "Exists", effect="NoExecute"), False),
    ],
)
def test_a_toleration_bears_what_kubernetes_says_it_bears(toleration: Toleration, bears: bool) -> None:
    assert toleration.bears(Taint("team", "NoSchedule", "blue")) is bears
