"""Run a command on nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, BinaryIO, Final, Literal, cast

from hpctl.errors import ExitCode, HpctlError, UsageError, WaitTimeoutError
from hpctl.facts.ports import Clock
from hpctl.facts.records import Node
from hpctl.facts.session_ports import Sessions, Target
from hpctl.report.node_run import NodeError, NodeOutput, NodeRun, NodeRunListReport
from hpctl.services.node_fan_out import AT_ONCE, on_each, outcome_of
from hpctl.services.node_kept import Kept
from hpctl.services.node_names import Chosen

_HIGHEST: Final = 255
"""Exit codes of processes end here."""


@dataclass(frozen=True, slots=True)
class Streams:
    """What the command on one node reads and writes; both outputs are closed when it has ended."""

    stdin: BinaryIO | None
    stdout: IO[bytes] | Kept
    stderr: IO[bytes] | Kept


StreamsOf = Callable[[str], Streams]


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, how long at most (seconds), and on how many nodes at the same time."""

    words: tuple[str, ...]
    timeout_s: float | None = None
    at_once: int = AT_ONCE


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a command ended on a node, and after how many seconds."""

    outcome: int | HpctlError
    elapsed_s: float


def execute_on(
    chosen: Chosen, command: Command, streams_of: StreamsOf, sessions: Sessions, clock: Clock
) -> NodeRunListReport:
    """Run a command on nodes at the same time and return how it ended on each.

    `streams_of` gives the streams of a node by its id. Raises `UsageError` without a command, and what
    `node_fan_out.on_each` raises; errors of single nodes stand in the report.
    """
    if not command.words:
        raise UsageError("there is no command to run", hint="hpctl node exec NODE... -- COMMAND")
    streams: dict[str, Streams] = {}

    def run(name: str, node: Target) -> _Ended:
        streams[name], begun = streams_of(name), clock.now()
        outcome = outcome_of(lambda: _execute(node, command, streams[name], sessions))
        return _Ended(outcome, (clock.now() - begun).total_seconds())

    ended = on_each(chosen.targets(), run, sessions, command.at_once)
    runs = tuple(_told(node, ended[node.node_id], streams[node.node_id]) for node in chosen.nodes)
    return NodeRunListReport(cluster=chosen.cluster.name, command=command.words, exit_code=worst(runs), runs=runs)


def worst(runs: tuple[NodeRun, ...]) -> int:
    """Return the highest exit code of the commands; when all succeeded, that of the first node without an answer."""
    highest = max((run.exit_code or 0 for run in runs), default=0)
    errors = (run.error.exit_code for run in runs if run.error)
    return min(highest, _HIGHEST) or next(errors, int(ExitCode.OK))


def _execute(node: Target, command: Command, streams: Streams, sessions: Sessions) -> int:
    try:
        return sessions.execute(
            node,
            command.words,
            stdin=streams.stdin,
            stdout=cast("BinaryIO", streams.stdout),
            stderr=cast("BinaryIO", streams.stderr),
            timeout_s=command.timeout_s,
        )
    finally:
        streams.stdout.close()
        streams.stderr.close()


def _told(node: Node, ended: _Ended, streams: Streams) -> NodeRun:
    outcome = ended.outcome
    return NodeRun(
        node=node.node_id,
        instance_group=node.instance_group,
        result=_result(outcome),
        exit_code=outcome if isinstance(outcome, int) else None,
        elapsed_s=round(ended.elapsed_s, 3),
        stdout=_output(streams.stdout),
        stderr=_output(streams.stderr),
        error=error_part(outcome) if isinstance(outcome, HpctlError) else None,
    )


def _output(stream: IO[bytes] | Kept) -> NodeOutput:
    return stream.output if isinstance(stream, Kept) else NodeOutput()


def _result(outcome: int | HpctlError) -> Literal["succeeded", "failed", "timed-out", "no-answer"]:
    match outcome:
        case 0:
            return "succeeded"
        case int():
            return "failed"
        case WaitTimeoutError():
            return "timed-out"
    return "no-answer"


def error_part(error: HpctlError) -> NodeError:
    """Return an error as reports have it."""
    return NodeError(code=error.code, exit_code=int(error.exit_code), message=error.message, hint=error.hint)
