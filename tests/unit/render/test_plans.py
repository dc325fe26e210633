"""Plans that change a cluster: one line a field, as the spec writes it, and what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from hpctl.report.action import Action
from hpctl.report.plan import Change, LeftAlone, PlanReport
from tests.unit.render.fakes import in_a_pipe
from tests.unit.render.plan_samples import IDENTITY
from tests.unit.render.test_views import shown

WHOLE = {"name": "system", "type": "ml.c5.2xlarge", "count": 2, "lifecycle": {"on_create": "a.sh"}}


def a_change(path: str = "instance_groups[workers].count", **members: Any) -> Change:
    usual: dict[str, Any] = {"kind": "change", "before": 2, "after": 4, "policy": "in place"}
    return Change(path=path, **{**usual, **members})


def a_plan(*changes: Change, state: str = "changed", verbs: tuple[str, ...] = ("untag", "update", "tag")) -> PlanReport:
    actions = [Action(verb=verb, subject="cluster/hp", request={}) for verb in verbs]  # type: ignore[arg-type]
    plan = PlanReport(identity=IDENTITY, cluster="hp", orchestrator="eks", state="changed", actions=tuple(actions))
    return plan.model_copy(update={"changes": changes, "state": state})


def lines(plan: PlanReport) -> list[str]:
    return shown(plan, in_a_pipe()).splitlines()[2:]


def test_an_update_is_one_line_whatever_it_takes_and_each_change_is_another() -> None:
    assert lines(a_plan(a_change(), a_change("protection", before=False, after=True))) == [
        "~ update cluster hp (EKS)",
        "",
        "changes:",
        "  ~ instance_groups[workers].count: 2 -> 4",
        "  ~ protection: false -> true",
    ]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (a_change("tags[team]", kind="add", before=None, after="nlp"), "  + tags[team]: nlp"),
        (a_change("tags[team]", kind="remove", before="nlp", after=None), "  - tags[team]: nlp"),
        (
            a_change("instance_groups[system]", kind="add", before=None, after=WHOLE),
            "  + instance_groups[system]: 2 x ml.c5.2xlarge",
        ),
        (
            a_change("x", before=[{"ebs": {"volume_size_in_gb": 5}}], after=["a", "b"]),
            "  ~ x: [{ebs: {volume_size_in_gb: 5}}] -> [a, b]",
        ),
    ],
)
def test_a_change_is_written_much_as_a_spec_is(change: Change, line: str) -> None:
    assert lines(a_plan(change))[3] == line


def test_what_is_refused_is_marked_and_says_the_way_round() -> None:
    refused = a_change("network.subnet_ids", before=["a"], after=["b"], policy="never", refused=True, note="no way")
    told = lines(a_plan(refused, a_change(note="AWS chooses"), state="other", verbs=()))
    assert told == [
        "! cluster `hp` exists with another spec: nothing is done",
        "",
        "differences:",
        "  ! network.subnet_ids: [a] -> [b]",
        "    no way",
        "  ~ instance_groups[workers].count: 2 -> 4",
        "    AWS chooses",
    ]


def test_software_and_tags_on_their_own_are_called_what_they_are() -> None:
    assert lines(a_plan(state="present", verbs=("update-software",)))[0] == "~ update-software cluster hp (EKS)"
    assert lines(a_plan(state="same", verbs=("tag",)))[0] == "~ tag cluster hp (EKS)"


def test_what_somebody_wrote_into_a_tag_cannot_move_the_cursor() -> None:
    text = shown(a_plan(a_change("tags[x]", before="\x1b[2J", after="a\nb")), in_a_pipe())
    assert "\x1b" not in text
    assert "tags[x]" in text


def test_a_plan_to_mend_says_each_change_in_words_and_what_is_left_with_why() -> None:
    rule = Action(
        verb="authorize-security-group-ingress", subject="security group/sg-1", request={}, does="let them in"
    )
    left = LeftAlone(check="network-nacl", subjects=("subnet-1", "subnet-2"), why="they are shared")
    plan = a_plan(state="around", verbs=()).model_copy(update={"actions": (rule,), "left_alone": (left,)})
    assert lines(plan) == [
        "~ let them in",
        "  authorize-security-group-ingress security group sg-1",
        "",
        "left to you:",
        "  ! network-nacl (subnet-1, subnet-2): they are shared",
    ]


@pytest.mark.parametrize(
    ("left", "told"),
    [((), ["nothing to mend"]), ((LeftAlone(check="a", subjects=("b",), why="c"),), ["nothing that hpctl mends"])],
)
def test_a_plan_to_mend_nothing_says_whether_there_is_anything(left: tuple[LeftAlone, ...], told: list[str]) -> None:
    plan = a_plan(state="around", verbs=()).model_copy(update={"left_alone": left})
    assert [line[: len(told[0])] for line in lines(plan)[:1]] == told
