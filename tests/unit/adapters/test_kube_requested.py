"""The accelerators that `hpctl gpus` counts, beside a count of the raw rows that knows nothing of hpctl's."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube import listing
from hpctl.adapters.kube.listing import EksKubernetes
from hpctl.services.gpus import list_accelerators
from tests.unit.fakes import FakeAccount
from tests.unit.services.jobs import AT

GPU, NEURON, EFA = "nvidia.com/gpu", "aws.amazon.com/neuron", "vpc.amazonaws.com/efa"
TYPE, HEALTH_STATUS = "node.kubernetes.io/instance-type", "sagemaker.amazonaws.com/node-health-status"
NAMES = [f"n-{number}" for number in range(5)]
TYPES = {
    "ml.p5.48xlarge": "H100",
    "ml.p4d.24xlarge": "A100",
    "ml.trn1.32xlarge": "Trainium",
    "ml.c5.4xlarge": "",
    None: "GPU",
}
HEALTH = ["Schedulable", "Unschedulable", "UnschedulablePendingReplacement", None]
PAGE = 3

amounts = st.integers(0, 8)
containers = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["requests", "limits"]), "gpu": amounts, "neuron": amounts, "efa": amounts}
    ),
    max_size=3,
)
pods = st.fixed_dictionaries(
    {
        "node": st.sampled_from([*NAMES, None]),
        "phase": st.sampled_from(["Pending", "Running", "Succeeded", "Failed", "Unknown"]),
        "containers": containers,
        "init": containers,
    }
)
nodes = st.fixed_dictionaries(
    {
        "type": st.sampled_from(list(TYPES)),
        "health": st.sampled_from(HEALTH),
        "cordoned": st.booleans(),
        "ready": st.booleans(),
        "gpu": st.integers(1, 8),
        "efa": amounts,
    }
)


def key_of(instance_type: str | None) -> str:
    """Return by which key pods ask for what a type has."""
    return NEURON if TYPES[instance_type] == "Trainium" else GPU


def node_row(name: str, wish: Mapping[str, Any]) -> dict[str, Any]:
    labels = {
        "node.kubernetes.io/instance-type": wish["type"],
        "sagemaker.amazonaws.com/node-health-status": wish["health"],
    }
    offered = {key_of(wish["type"]): wish["gpu"], EFA: wish["efa"]} if TYPES[wish["type"]] else {}
    return {
        "metadata": {"name": name, "labels": {key: value for key, value in labels.items() if value}},
        "spec": {"unschedulable": True} if wish["cordoned"] else {},
        "status": {
            "allocatable": {"cpu": "8", **{key: str(amount) for key, amount in offered.items() if amount}},
            "conditions": [{"type": "Ready", "status": "True" if wish["ready"] else "Unknown"}],
        },
    }


def pod_row(number: int, wish: Mapping[str, Any]) -> dict[str, Any]:
    def container(asked: Mapping[str, Any]) -> dict[str, Any]:
        amounts = {GPU: asked["gpu"], NEURON: asked["neuron"], EFA: asked["efa"]}
        return {"name": "c", "resources": {asked["kind"]: {key: str(amount) for key, amount in amounts.items()}}}

    spec = {
        "containers": list(map(container, wish["containers"])),
        "initContainers": list(map(container, wish["init"])),
    }
    node = {"nodeName": wish["node"]} if wish["node"] else {}
    return {"metadata": {"name": f"p-{number}"}, "spec": {**spec, **node}, "status": {"phase": wish["phase"]}}


def answer(rows: Sequence[dict[str, Any]], query: Mapping[str, list[str]]) -> dict[str, Any]:
    """Page a list as Kubernetes does, and leave out what its field selector excludes."""
    for term in filter(None, query.get("fieldSelector", [""])[0].split(",")):
        path, excluded = term.split("!=")
        section, member = path.split(".")
        rows = [row for row in rows if row[section].get(member, "") != excluded]
    start = int(query.get("continue", ["0"])[0])
    following = str(start + PAGE) if start + PAGE < len(rows) else ""
    return {"items": rows[start : start + PAGE], "metadata": {"continue": following}}


def held(name: str, what: str, wishes: Sequence[Mapping[str, Any]]) -> int:
    """Return how much of something the pods on a node ask for, pod by pod."""
    amount = 0
    for pod in wishes:
        if pod["node"] == name and pod["phase"] not in ("Succeeded", "Failed"):
            starting = max((one[what] for one in pod["init"]), default=0)
            amount += max(starting, sum(one[what] for one in pod["containers"]))
    return amount


def by_hand(
    machines: Mapping[str, Mapping[str, Any]], wishes: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[str, int, int, int, int]]:
    """Return by node what it has, in all and free, and its EFA interfaces, free and in all."""
    found = {}
    for name, machine in machines.items():
        kind = TYPES[machine["type"]]
        if not kind:
            continue
        usable = machine["ready"] and not machine["cordoned"] and machine["health"] in ("Schedulable", None)
        what = "neuron" if kind == "Trainium" else "gpu"
        free = max(0, machine["gpu"] - held(name, what, wishes)) if usable else 0
        efa = max(0, machine["efa"] - held(name, "efa", wishes)) if usable else 0
        found[name] = (kind, machine["gpu"], free, machine["efa"], efa)
    return found


@given(machines=st.dictionaries(st.sampled_from(NAMES), nodes), wishes=st.lists(pods, max_size=12))
def test_what_is_free_agrees_with_a_count_over_the_raw_rows(
    machines: dict[str, dict[str, Any]], wishes: list[dict[str, Any]]
) -> None:
    rows = {
        "/api/v1/nodes": [node_row(name, machine) for name, machine in machines.items()],
        "/api/v1/pods": [pod_row(number, wish) for number, wish in enumerate(wishes)],
    }

    def get(_cluster: object, path: str, *_: object, **__: object) -> dict[str, Any]:
        parts = urlsplit(path)
        return answer(rows[parts.path], parse_qs(parts.query))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "get", get)
        patch.setattr(listing, "bearer_token", lambda *_: "token")
        kubernetes = EksKubernetes(AwsSession(profile=None, region="us-west-2"))
        found = list_accelerators(AT, replace(FakeAccount().ports, kubernetes=kubernetes))
    expected = by_hand(machines, wishes)
    assert {row.node: (row.accelerator, row.total, row.free, row.efa, row.efa_free) for row in found.nodes} == expected
    total, free = Counter[str](), Counter[str]()
    for kind, has, left, *_ in expected.values():
        total[kind] += has
        free[kind] += left
    assert {row.accelerator: (row.total, row.free) for row in found.accelerators} == {
        kind: (total[kind], free[kind]) for kind in total
    }
    assert all(
        row.requestable[-1] == max(one.total for one in found.nodes if one.accelerator == row.accelerator)
        for row in found.accelerators
    )
    assert math.fsum(one.free for one in found.nodes) == sum(row.free for row in found.accelerators)
