"""Kueue's words on a job that waits, in fewer."""

from __future__ import annotations

import pytest

from hpctl.facts.queue_words import in_short


def lacks(resource: str, amount: str, flavor: str = "p5") -> str:
    return f"insufficient unused quota for {resource} in flavor {flavor}, {amount} more needed"


FRONT = "couldn't assign flavors to pod set worker: "


@pytest.mark.parametrize(
    ("said", "short"),
    [
        (FRONT + lacks("nvidia.com/gpu", "8"), "needs 8 more nvidia.com/gpu of p5"),
        (
            FRONT + ", ".join([lacks("cpu", "12"), lacks("memory", "1289Gi"), lacks("nvidia.com/gpu", "8")]),
            "needs 8 more nvidia.com/gpu, 12 more cpu, 1289Gi more memory of p5",
        ),
        (
            f"{FRONT}{lacks('cpu', '1')}; couldn't assign flavors to pod set master: {lacks('cpu', '3')}",
            "needs 3 more cpu of p5",
        ),
        (
            FRONT + ", ".join([lacks("cpu", "1"), lacks("cpu", "2", "trn1")]),
            "needs 1 more cpu of p5, or 2 more cpu of trn1",
        ),
    ],
)
def test_what_lacks_is_told_once(said: str, short: str) -> None:
    assert in_short(said) == short


@pytest.mark.parametrize(
    "said",
    [
        "",
        "ClusterQueue team-cq is inactive",
        FRONT + lacks("cpu", "1") + ", flavor trn1 doesn't match node affinity",
        FRONT + "insufficient quota for cpu in flavor p5, request > maximum capacity (9 > 8)",
    ],
)
def test_anything_else_is_left_as_it_was_said(said: str) -> None:
    assert in_short(said) == said
