"""Accelerators of a Slurm cluster: what it has, what jobs hold, and why some of it is not free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctl.facts.session_ports import Ran
from hpctl.report.gpus import AcceleratorListReport
from hpctl.services.accelerators import accelerators_of
from hpctl.services.slurm.gpus import Gres, gres_of
from tests.unit.builders import a_cluster, a_live_group, a_node
from tests.unit.fakes import FakeAccount

P5, TRN1, CPU = "ml.p5.48xlarge", "ml.trn1.32xlarge", "ml.c5.4xlarge"
KINDS = {P5: ("H100", "gpu"), TRN1: ("Trainium", "neuron"), CPU: ("", "")}
FREE = ["IDLE", "MIXED", "MIXED+PLANNED", "IDLE+CLOUD"]
NOT_FREE = [
    *("IDLE+DRAIN", "MIXED+DRAIN", "DOWN", "DOWN*", "IDLE+NOT_RESPONDING", "IDLE+RESERVED", "IDLE+MAINT"),
    *("DOWN+NOT_RESPONDING", "IDLE+CLOUD+POWERED_DOWN", "MIXED+FAIL", "UNKNOWN", "IDLE+INVALID_REG"),
]


def a_line(number: int, **members: str) -> str:
    words = {"State": "IDLE", "ActiveFeatures": P5, "Gres": "gpu:8", "GresUsed": "gpu:0(IDX:N/A)"} | members
    return f"NodeName=ip-10-1-0-{number} " + " ".join(f"{key}={text}" for key, text in words.items() if text)


def counted(*lines: str, types: Sequence[str] = ()) -> AcceleratorListReport:
    """Count the cluster whose Slurm prints these lines; its instances are of these types, from .2 on."""
    account = FakeAccount()
    head = replace(a_live_group("head", 1, 1), slurm_node_type="Controller")
    workers = replace(a_live_group("workers", 9, 9), slurm_node_type="Compute")
    account.clusters.add(
        cluster := replace(a_cluster("InService", head, workers), orchestrator="slurm", eks_cluster_arn=None)
    )
    rows = [("head", CPU), *(("workers", kind) for kind in types)]
    account.clusters.nodes_of[cluster.name] = [
        a_node(
            f"i-{number:017x}",
            instance_group=group,
            instance_type=kind,
            private_dns_name=f"ip-10-1-0-{number}.ec2.internal",
        )
        for number, (group, kind) in enumerate(rows, start=1)
    ]
    account.sessions.answers["scontrol --details show node"] = Ran(0, "\n".join(lines).encode(), b"")
    return accelerators_of(cluster.name, account.ports)


def test_what_jobs_hold_is_not_free_and_nodes_are_named_as_slurm_does() -> None:
    found = counted(a_line(2, State="MIXED", GresUsed="gpu:3(IDX:0,2-3)"), a_line(3), types=[P5, P5])
    [row] = found.accelerators
    assert (row.accelerator, row.requestable, row.total, row.used, row.free) == ("H100", (1, 2, 4, 8), 16, 3, 13)
    first, second = found.nodes
    assert (first.node, first.instance_group, first.resource, first.free) == ("ip-10-1-0-2", "workers", "gres/gpu", 5)
    assert (second.free, second.trouble, second.efa) == (8, "", 32)
    assert found.notices == ()


@pytest.mark.parametrize(
    ("state", "trouble"),
    [
        ("IDLE+DRAIN", "drained"),
        ("DOWN+NOT_RESPONDING", "down, slurmd does not answer"),
        ("IDLE*", "free, slurmd does not answer"),
        ("IDLE+RESERVED", "free, reserved"),
        ("ALLOCATED", "its CPUs are all taken"),
    ],
)
def test_on_a_node_that_takes_no_job_nothing_is_free(state: str, trouble: str) -> None:
    found = counted(a_line(2, State=state, GresUsed="gpu:2(IDX:0-1)"), types=[P5])
    [node] = found.nodes
    assert (node.total, node.used, node.free, node.efa_free, node.trouble) == (8, 2, 0, 0, trouble)


def test_a_full_node_is_no_trouble() -> None:
    [node] = counted(a_line(2, State="ALLOCATED", GresUsed="gpu:8(IDX:0-7)"), types=[P5]).nodes
    assert (node.free, node.trouble) == (0, "")


def test_what_slurm_was_not_told_of_is_counted_by_whole_nodes_and_said() -> None:
    lines = [a_line(number, Gres="(null)", GresUsed="", State=state) for number, state in ((2, "MIXED"), (3, "IDLE"))]
    found = counted(*lines, types=[P5, P5])
    assert [(one.resource, one.total, one.used, one.free) for one in found.nodes] == [
        ("whole nodes", 8, 8, 0),
        ("whole nodes", 8, 0, 8),
    ]
    assert found.notices == (
        "Slurm does not count the accelerators of 2 nodes (`Gres` is not set): one with a job is taken for used wholly",
    )


def test_a_node_that_slurm_does_not_know_offers_nothing() -> None:
    found = counted(a_line(2), types=[P5, P5, CPU])
    assert [(one.node, one.total, one.trouble) for one in found.nodes] == [
        ("ip-10-1-0-2", 8, ""),
        ("ip-10-1-0-3", 0, "Slurm does not know it"),
    ]


def test_fewer_than_the_type_has_are_said_and_slices_are_kinds_of_their_own() -> None:
    assert counted(a_line(2, Gres="gpu:7"), types=[P5]).nodes[0].trouble == "1 of 8 missing"
    sliced = counted(a_line(2, Gres="gpu:1g.10gb:14", GresUsed="gpu:1g.10gb:2(IDX:0-1)"), types=[P5])
    assert [(one.accelerator, one.resource, one.free) for one in sliced.nodes] == [
        ("H100 1g.10gb", "gres/gpu:1g.10gb", 12)
    ]


def test_a_node_that_is_no_instance_is_of_the_type_that_its_features_name() -> None:
    [node] = counted(a_line(77, ActiveFeatures=f"odd,{TRN1}", Gres="neuron:16", GresUsed="neuron:5(IDX:0-4)")).nodes
    assert (node.accelerator, node.instance_group, node.free) == ("Trainium", None, 11)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("gpu:8", [Gres("gpu", "", 8)]),
        ("gpu:h100:8(S:0-1),nvme:2", [Gres("gpu", "h100", 8), Gres("nvme", "", 2)]),
        ("gpu:(null):3(IDX:0,2-3),neuron:0(IDX:N/A)", [Gres("gpu", "", 3), Gres("neuron", "", 0)]),
        ("gpu", [Gres("gpu", "", 1)]),
        ("", []),
    ],
)
def test_gres_as_releases_print_it(text: str, entries: list[Gres]) -> None:
    assert list(gres_of(text)) == entries


machines = st.fixed_dictionaries(
    {
        "type": st.sampled_from(list(KINDS)),
        "state": st.sampled_from([*FREE, *NOT_FREE]),
        "total": st.integers(1, 16),
        "jobs": st.lists(st.integers(1, 4), max_size=4),
    }
)


def by_hand(wishes: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Return totals and free ones by accelerator, counted machine by machine."""
    total: Counter[str] = Counter()
    free: Counter[str] = Counter()
    for wish in wishes:
        kind, gres = KINDS[wish["type"]]
        if gres:
            total[kind] += wish["total"]
            free[kind] += max(0, wish["total"] - sum(wish["jobs"])) if wish["state"] in FREE else 0
    return {kind: (total[kind], free[kind]) for kind in total}


@given(st.lists(machines, max_size=6))
def test_what_is_free_agrees_with_a_count_by_hand(wishes: list[dict[str, Any]]) -> None:
    lines = []
    for number, wish in enumerate(wishes, start=2):
        _, gres = KINDS[wish["type"]]
        told = {"Gres": f"{gres}:{wish['total']}", "GresUsed": f"{gres}:{sum(wish['jobs'])}(IDX:0-1)"} if gres else {}
        lines.append(a_line(number, State=wish["state"], **(told or {"Gres": "(null)", "GresUsed": ""})))
    found = counted(*lines, types=[wish["type"] for wish in wishes])
    assert {row.accelerator: (row.total, row.free) for row in found.accelerators} == by_hand(wishes)
