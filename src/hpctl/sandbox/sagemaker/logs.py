"""What CloudWatch Logs holds of the lifecycle scripts of clusters: a projection, written before somebody looks.

The stream of an instance is there from its launch, and empty until its scripts run: an instance that fails
its EFA health check leaves it empty. A stream or a group that somebody deleted is not written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpctl.sandbox.sagemaker.course import Course
    from hpctl.sandbox.sagemaker.nodes import ScriptLog
    from hpctl.sandbox.scripts import Outcome

_SUCCEEDED = "[SageMaker] The lifecycle scripts succeeded."
_FAILED = "[SageMaker] The lifecycle scripts failed: {}."


class LifecycleLogs:
    """Writes what is due into moto's CloudWatch Logs, each part once."""

    def __init__(self) -> None:
        """Start with nothing written."""
        self._written: dict[str, int] = {}

    def write(self, logs: Any, course: Course) -> None:
        """Write what a cluster's course has come to since the last time."""
        name = course.cluster.log_group
        done = self._written.get(name, 0)
        self._written[name] = len(course.logs)
        for log in course.logs[done:]:
            if log.outcome is None:
                logs.ensure_log_group(name)
                logs.groups[name].create_log_stream(log.stream)
            elif name in logs.groups and log.stream in logs.groups[name].streams:
                _put(logs.groups[name], log, [*_lines(log.outcome)])


def _lines(outcome: Outcome) -> Iterator[str]:
    yield from (line or " " for line in outcome.lines)
    if outcome.status == 0:
        yield _SUCCEEDED
    else:
        yield _FAILED.format("time is over" if outcome.status is None else f"exit status {outcome.status}")


def _put(group: Any, log: ScriptLog, lines: list[str]) -> None:
    start = int(log.at.timestamp() * 1000) - len(lines)
    events = [{"timestamp": start + number, "message": line} for number, line in enumerate(lines)]
    group.put_log_events(log.stream, events)
