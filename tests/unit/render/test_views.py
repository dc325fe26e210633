"""Every view as it looks on a terminal of 80 columns, in a pipe, and wide. To renew: pytest --snapshot-update."""

from __future__ import annotations

import pkgutil
import re
from dataclasses import replace
from importlib import import_module

import pytest
from rich.color import Color
from syrupy.assertion import SnapshotAssertion

import hpctl.report
from hpctl.render import views
from hpctl.render.output import Output
from hpctl.render.page import Style
from hpctl.render.show import show
from hpctl.render.terminal import Terminal
from hpctl.report.base import Report
from hpctl.report.cluster import ClusterListReport, EventListReport, NodeListReport, OutcomeReport
from hpctl.report.instance import InstanceTypeListReport
from hpctl.report.plan import PlanReport
from hpctl.terms import Outcome
from tests.unit.render.catalog_samples import INSTANCE_TYPES
from tests.unit.render.check_samples import CHECKS
from tests.unit.render.cluster_samples import CLUSTER_REPORT, CLUSTERS, EVENTS, NODES, NOW
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty, out
from tests.unit.render.plan_samples import DELETE_PLAN, PLAN
from tests.unit.render.samples import CONNECTION, EVERY_REPORT

ALL = pytest.mark.parametrize("name", EVERY_REPORT)


def shown(report: Report, terminal: Terminal, output: Output = Output.TABLE) -> str:
    show(report, output, None, terminal, now=NOW)
    return out(terminal)


@ALL
def test_view_on_a_terminal_of_80_columns(name: str, snapshot: SnapshotAssertion) -> None:
    assert shown(EVERY_REPORT[name], on_a_tty(NO_COLOR="1")) == snapshot


@ALL
def test_view_in_a_pipe(name: str, snapshot: SnapshotAssertion) -> None:
    assert shown(EVERY_REPORT[name], in_a_pipe()) == snapshot


@ALL
def test_wide_view_in_a_pipe(name: str, snapshot: SnapshotAssertion) -> None:
    assert shown(EVERY_REPORT[name], in_a_pipe(), Output.WIDE) == snapshot


@ALL
def test_colour_adds_emphasis_and_no_meaning(name: str) -> None:
    coloured = shown(EVERY_REPORT[name], on_a_tty())
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == shown(EVERY_REPORT[name], on_a_tty(NO_COLOR="1"))


@pytest.mark.parametrize("name", ["clusters", "cluster", "checks", "plan"])
def test_a_terminal_sees_colour(name: str) -> None:
    assert "\x1b[" in shown(EVERY_REPORT[name], on_a_tty())


def _contrast(colour: tuple[int, int, int], ground: tuple[int, int, int]) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""

    def light(one: tuple[int, int, int]) -> float:
        linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in one]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    brighter, darker = sorted((light(colour), light(ground)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_what_warns_is_read_on_white_and_on_black() -> None:
    warning = Color.from_ansi(int(Style.WARN.removeprefix("38;5;"))).get_truecolor()
    assert _contrast(warning, (255, 255, 255)) > 4
    assert _contrast(warning, (0, 0, 0)) > 4
    assert _contrast((205, 205, 0), (255, 255, 255)) < 2, "xterm's yellow, which it is not"


@ALL
@pytest.mark.parametrize("output", [Output.TABLE, Output.WIDE])
def test_a_pipe_sees_neither_escapes_nor_boxes_nor_trailing_space(name: str, output: Output) -> None:
    text = shown(EVERY_REPORT[name], in_a_pipe(FORCE_COLOR="1", GITHUB_ACTIONS="true"), output)
    assert re.search(r"[\x1b\u2500-\u257f]| $", text, re.MULTILINE) is None
    assert text.endswith("\n")


@ALL
def test_on_80_columns_only_what_must_not_be_broken_is_longer(name: str) -> None:
    text = shown(EVERY_REPORT[name], on_a_tty(NO_COLOR="1"))
    for line in text.splitlines():
        assert len(line) <= 80 or "aws " in line or line.lstrip().count(" ") <= 1, line


@pytest.mark.parametrize(
    ("report", "names"),
    [
        (CLUSTERS, ["hp-cluster", "a-cluster-with-a-rather-long-name-of-sixty-three-characters-xyz"]),
        (NODES, ["i-0123456789abcdef0", "i-1123456789abcdef0"]),
        (INSTANCE_TYPES, ["ml.p5.48xlarge", "ml.c5.2xlarge"]),
    ],
)
@pytest.mark.parametrize("columns", [1, 20, 40, 60, 80])
def test_a_narrow_terminal_loses_columns_but_never_the_name(report: Report, names: list[str], columns: int) -> None:
    text = shown(report, on_a_tty(COLUMNS=str(columns)))
    assert [name for name in names if f"{name}" not in text] == []


def test_a_narrow_terminal_loses_the_least_important_column_first() -> None:
    header = shown(NODES, on_a_tty(NO_COLOR="1", COLUMNS="55")).splitlines()[0]
    assert header.split() == ["NODE", "GROUP", "TYPE", "STATUS"]


def test_wide_shows_every_column_however_narrow_the_terminal() -> None:
    text = shown(CLUSTERS, on_a_tty(NO_COLOR="1", COLUMNS="40"), Output.WIDE)
    assert text.splitlines()[0].split() == ["NAME", "STATUS", "AGE", "CREATED", "ARN"]


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (ClusterListReport(region="us-west-2", clusters=()), "no clusters in us-west-2\n"),
        (NodeListReport(cluster="ml", nodes=()), "no nodes in cluster ml\n"),
        (EventListReport(cluster="ml", events=()), "no events of cluster ml\n"),
        (
            EventListReport(cluster="ml", events=(), since=NOW, instance_group="workers", node_id="i-1"),
            "no events of cluster ml in group workers of node i-1 since 2026-03-01T12:00:00Z\n",
        ),
        (InstanceTypeListReport(instance_types=()), "no such instance types\n"),
    ],
)
def test_an_empty_list_is_a_sentence_on_stderr_and_nothing_on_stdout(report: Report, sentence: str) -> None:
    terminal = in_a_pipe()
    assert shown(report, terminal) == ""
    assert err(terminal) == sentence


@pytest.mark.parametrize("output", [Output.JSON, Output.NAME, Output.YAML, Output.JSONL])
def test_an_empty_list_for_a_machine_says_nothing_on_stderr(output: Output) -> None:
    terminal = in_a_pipe()
    shown(ClusterListReport(region="us-west-2", clusters=()), terminal, output)
    assert err(terminal) == ""


def test_the_first_line_of_a_plan_says_who_does_it_where() -> None:
    assert shown(PLAN, on_a_tty(NO_COLOR="1")).splitlines()[0] == (
        "account 123456789012, region us-west-2, assumed-role/Admin/ana, profile research"
    )


def test_totals_of_a_plan_add_what_is_known_and_say_what_is_not() -> None:
    group = PLAN.groups[0]
    more = group.model_copy(update={"name": "more", "accelerators": "8 x NVIDIA H100", "count": 1})
    odd = group.model_copy(update={"name": "odd", "accelerators": "some chips", "count": 1, "efa_interfaces": None})
    text = shown(PLAN.model_copy(update={"groups": (group, more, odd)}), in_a_pipe())
    assert "  total: 6 instances, some chips, 40 x NVIDIA H100, at least 256 EFA interfaces, 972 IP addresses\n" in text


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("same", "cluster `hp-cluster` exists as asked: nothing to do"),
        ("other", "! cluster `hp-cluster` exists with another spec: nothing is done"),
        ("present", "cluster `hp-cluster` is being deleted already: nothing to do"),
    ],
)
def test_a_plan_without_actions_says_why(state: str, sentence: str) -> None:
    report = PlanReport.model_validate({**DELETE_PLAN.model_dump(), "state": state, "actions": ()})
    assert shown(report, in_a_pipe()).splitlines()[2] == sentence


def test_failures_are_shown_first_and_what_passed_without_a_word_only_wide() -> None:
    first = [line.split()[0] for line in shown(CHECKS, in_a_pipe()).splitlines() if line.lstrip()[:1].islower()]
    told = [word for word in first if word in ("spec", "network", "eks", *Outcome)]
    assert told == ["spec", "warn", "network", "fail", "unknown", "skip", "eks", "fail"]
    assert "(spec-names)" not in shown(CHECKS, in_a_pipe())
    assert "(spec-names)" in shown(CHECKS, in_a_pipe(), Output.WIDE)


@pytest.mark.parametrize("width", ["40", "80"])
def test_commands_that_fix_something_are_one_line_each_and_can_be_pasted(width: str) -> None:
    text = shown(CLUSTER_REPORT, on_a_tty(NO_COLOR="1", COLUMNS=width))
    diagnosis = CLUSTER_REPORT.diagnoses[0]
    assert diagnosis.remedy is not None
    for command in (*diagnosis.remedy.splitlines(), *CLUSTER_REPORT.next_steps):
        assert command in [line.strip() for line in text.splitlines()]


def test_a_quoted_command_in_a_sentence_is_never_broken() -> None:
    command = "`aws eks describe-cluster --name training-eks`"
    diagnosis = CLUSTER_REPORT.diagnoses[0].model_copy(update={"remedy": f"look at what is seen by {command} first"})
    report = CLUSTER_REPORT.model_copy(update={"diagnoses": (diagnosis,)})
    assert command in shown(report, on_a_tty(COLUMNS="50"))


def test_a_cluster_without_diagnoses_says_that_none_is_known() -> None:
    assert "\nno known problems\n" in shown(CLUSTER_REPORT.model_copy(update={"diagnoses": ()}), in_a_pipe())


@pytest.mark.parametrize(
    ("verb", "result", "sentence"),
    [
        ("create", "done", "cluster `ml` is in service"),
        ("create", "started", "cluster `ml` is being created"),
        ("create", "unchanged", "cluster `ml` is there already, as asked: nothing to do"),
        ("update", "done", "cluster `ml` is what was asked for"),
        ("update", "started", "cluster `ml` is being updated"),
        ("update", "unchanged", "cluster `ml` is what was asked for already: nothing to do"),
        ("update-software", "done", "cluster `ml` has its new software"),
        ("update-software", "started", "the software of cluster `ml` is being updated"),
        ("update-software", "unchanged", "cluster `ml` has this software already: nothing to do"),
        ("delete", "done", "cluster `ml` is gone"),
        ("delete", "started", "cluster `ml` is being deleted"),
        ("delete", "unchanged", "cluster `ml` is being deleted already: nothing to do"),
    ],
)
def test_an_outcome_is_one_sentence(verb: str, result: str, sentence: str) -> None:
    report = OutcomeReport.model_validate({"cluster": "ml", "verb": verb, "result": result})
    assert shown(report, in_a_pipe()) == f"{sentence}\n"


def test_what_is_left_behind_is_listed_before_the_commands_that_clear_it_away() -> None:
    report = OutcomeReport(
        cluster="ml", verb="delete", result="done", left_behind=("log group `/aws/x`",), next_steps=("aws logs x",)
    )
    assert shown(report, in_a_pipe()).splitlines() == [
        "cluster `ml` is gone",
        "",
        "left behind in the account:",
        "  - log group `/aws/x`",
        "",
        "next:",
        "  aws logs x",
    ]


def test_derived_events_say_on_stderr_what_they_are() -> None:
    terminal = in_a_pipe()
    events = tuple(replace(event, derived=True) for event in EVENTS.events)
    shown(EVENTS.model_copy(update={"note": "these are derived", "events": events}), terminal)
    assert err(terminal) == "note: these are derived\n"


def test_wide_characters_keep_the_columns_aligned() -> None:
    wide = CLUSTERS.model_copy(update={"clusters": (replace(CLUSTERS.clusters[0], name="\u6771\u4eac"),)})
    header, row = shown(wide, in_a_pipe()).splitlines()
    assert header == "NAME  STATUS    AGE"
    assert row == "\u6771\u4eac  Creating  14m"


def test_every_kind_of_report_has_a_view() -> None:
    for found in pkgutil.iter_modules(hpctl.report.__path__):
        import_module(f"hpctl.report.{found.name}")
    kinds = {kind.model_fields["kind"].default for kind in Report.__subclasses__()}
    assert kinds
    assert kinds == set(views._VIEWS)
    for place in (*views._VIEWS.values(), *views._WIDE.values()):
        module, _, function = place.partition(".")
        assert callable(getattr(import_module(f"hpctl.render.{module}"), function))


@pytest.mark.parametrize(
    ("members", "lines"),
    [
        ({"result": "unchanged"}, ["already: nothing to do", "the current context stays `minikube`"]),
        ({"result": "planned"}, ["would come into", "cluster, user, context"]),
        ({"current_context": CONNECTION.context}, ["it is the current context"]),
        ({"current_context": CONNECTION.context, "result": "planned"}, ["it would be the current context"]),
        ({"current_context": None}, ["no context is the current one"]),
    ],
)
def test_a_connection_says_which_context_is_the_current_one(members: dict[str, object], lines: list[str]) -> None:
    text = shown(CONNECTION.model_copy(update=members), in_a_pipe())
    assert [line for line in lines if line not in text] == []
