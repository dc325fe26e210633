from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pyte
import pytest
from rich.console import Console

from hpctl.errors import UsageError
from hpctl.facts.records import Operation, Scaling
from hpctl.render.live import _Region
from hpctl.render.output import Output
from hpctl.render.progress import check_streamable, follow, stream
from hpctl.report.action import Verb
from hpctl.report.progress import (
    EventSeen,
    Finished,
    GroupProgress,
    Observed,
    OperationSeen,
    Progress,
    Remarked,
    Started,
)
from tests.unit.render.cluster_samples import ARN, DIAGNOSIS, EVENTS, NOW
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty, out


def observed(elapsed_s: float, ready: int, status: str = "Creating") -> Observed:
    groups = (
        GroupProgress(name="workers", status=status, current_count=ready, target_count=4),
        GroupProgress(name="system", status=None, current_count=2, target_count=2),
    )
    return Observed(
        time=NOW + timedelta(seconds=elapsed_s),
        elapsed_s=elapsed_s,
        cluster="ml",
        status=status,
        groups=groups,
        waiting_for=f"nodes of `workers` {ready}/4" if ready < 4 else "",
    )


STEPS: tuple[Progress, ...] = (
    Started(time=NOW, verb="create", cluster="ml", arn=ARN),
    observed(0, 0),
    observed(15, 0),
    EventSeen(time=NOW, event=EVENTS.events[1], diagnosis=DIAGNOSIS),
    observed(30, 1),
    observed(200, 4, "InService"),
    Finished(time=NOW + timedelta(seconds=200), elapsed_s=200, cluster="ml", status="InService"),
)


def interrupted(*steps: Progress) -> Iterator[Progress]:
    yield from steps
    raise KeyboardInterrupt


def screen_of(text: str) -> list[str]:
    screen = pyte.Screen(80, 40)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return [line.rstrip() for line in screen.display if line.strip()]


def test_without_a_terminal_every_change_is_one_plain_line() -> None:
    terminal = in_a_pipe()
    follow(iter(STEPS), Output.TABLE, terminal)
    assert DIAGNOSIS.remedy is not None
    first, second = DIAGNOSIS.remedy.splitlines()
    assert err(terminal).splitlines() == [
        f"2026-03-01T12:00:00Z creating cluster `ml` ({ARN})",
        "2026-03-01T12:00:00Z Creating (0s); workers 0/4, system 2/2; waiting for nodes of `workers` 0/4",
        (
            "2026-03-01T11:55:00Z Error: workers, i-0123456789abcdef0: Instance failed its checks: "
            "EFA health checks did not run successfully"
        ),
        f"    cause: {DIAGNOSIS.cause}",
        "    fix:",
        f"      {first}",
        f"      {second}",
        "2026-03-01T12:00:30Z Creating (30s); workers 1/4, system 2/2; waiting for nodes of `workers` 1/4",
        "2026-03-01T12:03:20Z InService (3m 20s); workers 4/4, system 2/2",
        "2026-03-01T12:03:20Z cluster `ml`: InService, after 3m 20s",
    ]
    assert out(terminal) == ""


def test_without_a_terminal_nothing_is_said_twice_within_a_minute_and_something_every_minute() -> None:
    terminal = in_a_pipe()
    follow(iter([observed(elapsed_s, 1) for elapsed_s in range(0, 200, 15)]), Output.TABLE, terminal)
    assert [line.split("(")[1].split(")")[0] for line in err(terminal).splitlines()] == [
        "0s",
        "1m 00s",
        "2m 00s",
        "3m 00s",
    ]


@pytest.mark.scorecard(11)
@pytest.mark.parametrize(
    "env", [{"CI": "true"}, {"CI": "yes"}, {"CI": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1"}, {"GITHUB_ACTIONS": "true"}]
)
def test_a_terminal_that_must_not_be_redrawn_gets_lines_without_escape_codes(env: dict[str, str]) -> None:
    terminal = on_a_tty(**env)
    follow(iter(STEPS), Output.TABLE, terminal)
    assert "\x1b" not in err(terminal)
    assert "Creating (30s)" in err(terminal)


def test_jsonl_writes_every_step_as_one_object_a_line_to_stdout() -> None:
    terminal = on_a_tty()
    follow(iter(STEPS), Output.JSONL, terminal)
    assert [json.loads(line) for line in out(terminal).splitlines()] == [step.model_dump(mode="json") for step in STEPS]
    assert [json.loads(line)["type"] for line in out(terminal).splitlines()][:2] == ["started", "observed"]
    assert err(terminal) == ""


@pytest.mark.parametrize("output", [Output.TABLE, Output.JSON, Output.YAML, Output.NAME, Output.WIDE])
def test_other_forms_keep_stdout_free_for_the_answer(output: Output) -> None:
    terminal = on_a_tty()
    follow(iter(STEPS), output, terminal)
    assert out(terminal) == ""


def test_a_live_terminal_ends_with_the_events_because_the_answer_follows() -> None:
    terminal = on_a_tty()
    follow(iter(STEPS), Output.TABLE, terminal)
    rows = screen_of(err(terminal))
    assert rows[:4] == [
        "12:00:00Z creating cluster `ml`",
        f"          ({ARN})",
        "11:55:00Z Error: workers, i-0123456789abcdef0: Instance failed its checks: EFA",
        "  health checks did not run successfully",
    ]
    assert "    fix:" in rows
    assert [row for row in rows if "\u2501" in row or "waiting for" in row or "3m 20s" in row] == []


def test_a_live_terminal_hears_the_result_when_the_answer_goes_elsewhere() -> None:
    terminal = replace(on_a_tty(), stdout=StringIO())
    follow(iter(STEPS), Output.TABLE, terminal)
    assert screen_of(err(terminal))[-1] == "12:03:20Z cluster `ml`: InService, after 3m 20s"


def test_a_live_terminal_shows_groups_and_what_is_waited_for_and_keeps_them_when_interrupted() -> None:
    terminal = on_a_tty()
    with pytest.raises(KeyboardInterrupt):
        follow(interrupted(STEPS[0], STEPS[1], STEPS[4]), Output.TABLE, terminal)
    rows = screen_of(err(terminal))
    status, workers, system, waiting = rows[-4:]
    assert re.fullmatch(r"\S+ ml Creating 3\ds", status), "it counts on while nothing happens"
    assert workers.split()[0] == "workers"
    assert workers.split()[-2:] == ["1/4", "Creating"]
    assert system.split()[-1] == "2/2"
    assert waiting == "  waiting for nodes of `workers` 1/4"


def test_the_cursor_comes_back_however_it_ends() -> None:
    terminal = on_a_tty()
    with pytest.raises(KeyboardInterrupt):
        follow(interrupted(STEPS[1]), Output.TABLE, terminal)
    assert err(terminal).count("\x1b[?25l") == 1
    assert err(terminal).rindex("\x1b[?25h") > err(terminal).rindex("\x1b[?25l")


def test_steps_without_groups_or_arn_are_shown_too() -> None:
    terminal = in_a_pipe()
    steps = (
        Started(time=NOW, verb="delete", cluster="ml"),
        Observed(time=NOW, elapsed_s=3601, cluster="ml", status="Deleting", groups=(), waiting_for=""),
        EventSeen(time=NOW, event=EVENTS.events[0]),
    )
    follow(iter(steps), Output.TABLE, terminal)
    assert err(terminal).splitlines() == [
        "2026-03-01T12:00:00Z deleting cluster `ml`",
        "2026-03-01T12:00:00Z Deleting (1h 00m)",
        "2026-03-01T11:47:00Z Info: Cluster creation started",
    ]


def test_events_that_nobody_can_explain_are_not_explained() -> None:
    terminal = in_a_pipe()
    steps: list[Progress] = [EventSeen(time=NOW, event=EVENTS.events[0]), observed(1, 0)] * 2
    follow(iter(steps), Output.TABLE, terminal)
    assert err(terminal).splitlines()[::2] == ["2026-03-01T11:47:00Z Info: Cluster creation started"] * 2


def test_events_that_differ_in_the_node_alone_are_one_line_with_a_count() -> None:
    terminal = in_a_pipe()
    nodes = [f"i-{number:017x}" for number in range(4)]
    events = [
        replace(EVENTS.events[0], event_id=node, node_id=node, description=f"EC2 Instance {node} provisioned")
        for node in nodes
    ]
    steps: list[Progress] = [EventSeen(time=NOW, event=event) for event in events]
    follow(iter([*steps[:3], observed(1, 0), steps[3]]), Output.TABLE, terminal)
    first, _seen, last = err(terminal).splitlines()
    assert first.endswith(f"EC2 Instance {nodes[0]} provisioned (and 2 more)")
    assert last.endswith(f"EC2 Instance {nodes[3]} provisioned")


def test_a_remark_comes_with_its_remedy() -> None:
    terminal = in_a_pipe()
    remark = Remarked(time=NOW, message="events cannot be read", hint="allow `sagemaker:ListClusterEvents`")
    follow(iter([remark]), Output.TABLE, terminal)
    line, remedy = err(terminal).splitlines()
    assert line.endswith("note: events cannot be read")
    assert "allow `sagemaker:ListClusterEvents`" in remedy


def test_machines_are_told_every_event() -> None:
    terminal = in_a_pipe()
    follow(iter([EventSeen(time=NOW, event=EVENTS.events[0])] * 3), Output.JSONL, terminal)
    assert len(out(terminal).splitlines()) == 3


def test_an_event_does_not_name_what_its_text_names_already() -> None:
    terminal = in_a_pipe()
    event = replace(
        EVENTS.events[1], description="Instance i-0123456789abcdef0 of workers failed", failure_message=None
    )
    follow(iter([EventSeen(time=NOW, event=event)]), Output.TABLE, terminal)
    assert err(terminal) == "2026-03-01T11:55:00Z Error: Instance i-0123456789abcdef0 of workers failed\n"


def test_a_known_cause_is_explained_once() -> None:
    terminal = in_a_pipe()
    known, other = EVENTS.events[1], replace(EVENTS.events[1], event_id="2", description="Another node")
    steps = [EventSeen(time=NOW, event=event, diagnosis=DIAGNOSIS) for event in (known, other)]
    unlike = DIAGNOSIS.model_copy(update={"cause": "something else", "remedy": None})
    follow(iter([*steps, EventSeen(time=NOW, event=known, diagnosis=unlike)]), Output.TABLE, terminal)
    assert err(terminal).count(f"cause: {DIAGNOSIS.cause}") == 1
    assert err(terminal).splitlines()[-4:] == [
        err(terminal).splitlines()[0].replace("Instance failed its checks", "Another node"),
        "    cause and fix: see above",
        err(terminal).splitlines()[0],
        "    cause: something else",
    ]


def test_time_goes_on_in_the_region_between_two_steps() -> None:
    now = [100.0]
    console = Console(file=StringIO(), width=80, get_time=lambda: now[0])
    region = _Region(console)
    region.see(observed(30, 1))
    now[0] += 65
    console.print(region.now())
    assert isinstance(console.file, StringIO)
    assert "ml Creating 1m 35s" in console.file.getvalue()


def changing(times_s: range) -> list[Progress]:
    return [observed(elapsed_s, elapsed_s % 4) for elapsed_s in times_s]


def test_without_a_terminal_status_lines_come_at_most_every_ten_seconds_however_fast_it_changes() -> None:
    terminal = in_a_pipe()
    follow(iter(changing(range(31))), Output.TABLE, terminal)
    seconds = [line.split("(")[1].split("s)")[0] for line in err(terminal).splitlines()]
    assert seconds == ["0", "10", "20", "30"]


def test_a_change_that_came_too_soon_is_told_later() -> None:
    terminal = in_a_pipe()
    follow(iter([observed(0, 0), observed(2, 1), observed(17, 1)]), Output.TABLE, terminal)
    assert [line.split("; ")[1] for line in err(terminal).splitlines()] == [
        "workers 0/4, system 2/2",
        "workers 1/4, system 2/2",
    ]


OPERATION = Operation("op-1", "Scaling", "InProgress", NOW, (Scaling("workers", "InProgress", 2, 4),))


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        (OPERATION, "operation op-1 Scaling: workers 2 -> 4 (InProgress)"),
        (replace(OPERATION, type="DeepHealthCheck", scalings=()), "operation op-1 DeepHealthCheck (InProgress)"),
    ],
)
def test_an_operation_is_one_line(operation: Operation, line: str) -> None:
    terminal = in_a_pipe()
    follow(iter([OperationSeen(time=NOW, operation=operation)]), Output.TABLE, terminal)
    assert err(terminal) == f"2026-03-01T12:00:00Z {line}\n"


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("create", "creating cluster"),
        ("update", "updating cluster"),
        ("update-software", "updating the software of cluster"),
        ("tag", "setting tags of cluster"),
        ("untag", "removing tags of cluster"),
        ("delete", "deleting cluster"),
    ],
)
def test_every_verb_has_words(verb: Verb, words: str) -> None:
    terminal = in_a_pipe()
    follow(iter([Started(time=NOW, verb=verb, cluster="ml")]), Output.TABLE, terminal)
    assert err(terminal) == f"2026-03-01T12:00:00Z {words} `ml`\n"


def test_what_is_done_around_a_cluster_says_itself_what_it_does() -> None:
    terminal = in_a_pipe()
    done = Started(time=NOW, verb="put-role-policy", cluster="ml", does="give role `nodes` the inline policy `vpc`")
    follow(iter([done]), Output.TABLE, terminal)
    assert err(terminal) == "2026-03-01T12:00:00Z give role `nodes` the inline policy `vpc`\n"


def test_a_remark_may_have_a_cause() -> None:
    terminal = in_a_pipe()
    remark = Remarked(time=NOW, message="it is stuck", cause="the role is gone", hint="create the role again")
    follow(iter([remark]), Output.TABLE, terminal)
    assert err(terminal).splitlines()[1:] == ["    cause: the role is gone", "    fix: create the role again"]


FOLLOWED: tuple[Progress, ...] = (
    Remarked(time=NOW, message="AWS does not answer"),
    EventSeen(time=NOW, event=EVENTS.events[0]),
    EventSeen(time=NOW, event=EVENTS.events[1], diagnosis=DIAGNOSIS),
    EventSeen(time=NOW, event=EVENTS.events[1], diagnosis=DIAGNOSIS),
    Finished(time=NOW, elapsed_s=200, cluster="ml", status="Deleted"),
)


@pytest.mark.parametrize("output", [Output.TABLE, Output.WIDE])
def test_followed_events_are_the_answer_a_line_each_and_all_else_is_beside_it(output: Output) -> None:
    terminal = in_a_pipe()
    stream(iter(FOLLOWED), output, terminal)
    lines = out(terminal).splitlines()
    assert lines[0] == "2026-03-01T11:47:00Z Info: Cluster creation started"
    assert lines[1].startswith("2026-03-01T11:55:00Z Error: workers, i-0123456789abcdef0: Instance failed its checks")
    assert lines[2] == f"    cause: {DIAGNOSIS.cause}"
    assert lines[-2:] == [lines[1], "    cause and fix: see above"]
    assert err(terminal).splitlines() == [
        "2026-03-01T12:00:00Z note: AWS does not answer",
        "2026-03-01T12:00:00Z cluster `ml`: Deleted, after 3m 20s",
    ]


def test_followed_events_come_as_they_happen() -> None:
    terminal = in_a_pipe()
    with pytest.raises(KeyboardInterrupt):
        stream(interrupted(FOLLOWED[1]), Output.TABLE, terminal)
    assert out(terminal) == "2026-03-01T11:47:00Z Info: Cluster creation started\n"


def test_followed_events_are_objects_for_machines_and_ids_by_name() -> None:
    terminal = in_a_pipe()
    stream(iter(FOLLOWED), Output.JSONL, terminal)
    assert [json.loads(line) for line in out(terminal).splitlines()] == [
        step.model_dump(mode="json") for step in FOLLOWED
    ]
    assert err(terminal) == ""
    named = in_a_pipe()
    stream(iter(FOLLOWED[1:3]), Output.NAME, named)
    assert out(named).splitlines() == [event.event_id for event in EVENTS.events]


def test_followed_text_of_others_is_made_safe() -> None:
    terminal = on_a_tty(NO_COLOR="1")
    event = replace(EVENTS.events[0], event_id="x\x1b[2J", description="\x1b]0;owned\x07 [/bold] \u202e")
    stream(iter([EventSeen(time=NOW, event=event)]), Output.TABLE, terminal)
    stream(iter([EventSeen(time=NOW, event=event)]), Output.NAME, terminal)
    assert "\x1b" not in out(terminal)
    assert "\\x1b]0;owned\\x07 [/bold] \\u202e" in out(terminal)


@pytest.mark.parametrize("output", [Output.JSON, Output.YAML])
def test_a_form_that_needs_an_end_cannot_be_followed(output: Output) -> None:
    with pytest.raises(UsageError) as raised:
        check_streamable(output)
    assert raised.value.message == f"`--follow` does not go with `-o {output}`: there is no end"
    assert raised.value.hint == "add `-o jsonl`"


@pytest.mark.parametrize("output", [Output.TABLE, Output.WIDE, Output.NAME, Output.JSONL])
def test_other_forms_can_be_followed(output: Output) -> None:
    check_streamable(output)
