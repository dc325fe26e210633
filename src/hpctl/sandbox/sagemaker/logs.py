"""What CloudWatch Logs holds of the lifecycle scripts of clusters: a projection, written before somebody looks.

The stream of an instance is there from its launch, and empty until its scripts run: an instance that fails
its EFA health check leaves it empty. A stream or a group that somebody deleted is not written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import timeline
from hpctl.sandbox.sagemaker.events import stream_name

if TYPE_CHECKING:
    from hpctl.sandbox.sagemaker.cluster import Cluster, Group, Seat

# CloudWatch takes so many nodes of a group: their scripts say the same.
_MOST_STREAMS = 64
_SUCCEEDED = "[SageMaker] The lifecycle scripts succeeded."
_FAILED = "[SageMaker] The lifecycle scripts failed: {}."


class LifecycleLogs:
    """Writes the streams that are due into moto's CloudWatch Logs, each part once."""

    def __init__(self) -> None:
        """Start with nothing written."""
        self._written: set[tuple[str, str, str]] = set()

    def write(self, logs: Any, cluster: Cluster, now: datetime) -> None:
        """Write what is due of a cluster by now; what comes after its deletion never is."""
        until = min(now, cluster.deleted.at) if cluster.deleted else now
        for group in cluster.groups:
            if group.logs and group.spec.get("LifeCycleConfig") and not (group.fault and group.fault.before_instance):
                for seat in group.seats[:_MOST_STREAMS]:
                    self._write_seat(logs, cluster, group, seat, timeline.elapsed(cluster.created, until))

    def _write_seat(self, logs: Any, cluster: Cluster, group: Group, seat: Seat, share: float) -> None:
        waited = timeline.wait(cluster, group)
        starts = list(timeline.attempts(share, waited)) if group.fault and cluster.continuous else [0.0]
        for number, begun in enumerate(starts):
            own = share - begun - timeline.delay(group, seat)
            stream = stream_name(group, cluster.instance_id(seat, number))
            if own >= timeline.LAUNCHED and self._is_new(cluster, stream, "stream"):
                logs.ensure_log_group(cluster.log_group)
                logs.groups[cluster.log_group].create_log_stream(stream)
            done = timeline.SCRIPTS_DONE + (0.0 if number else waited)
            if own >= done and self._is_new(cluster, stream, "lines"):
                at = cluster.created.at + timedelta(seconds=(share - own + done) * cluster.created.pace)
                _put(logs, cluster.log_group, stream, [*_lines(group)], at)

    def _is_new(self, cluster: Cluster, stream: str, part: str) -> bool:
        key = (cluster.log_group, stream, part)
        new = key not in self._written
        self._written.add(key)
        return new


def _lines(group: Group) -> Iterator[str]:
    if group.ended is None:
        return
    outcome = group.ended.outcome
    yield from (line or " " for line in outcome.lines)
    if outcome.status == 0:
        yield _SUCCEEDED
    else:
        yield _FAILED.format("time is over" if outcome.status is None else f"exit status {outcome.status}")


def _put(logs: Any, log_group: str, stream: str, lines: list[str], at: datetime) -> None:
    found = logs.groups.get(log_group)
    if lines and found is not None and stream in found.streams:
        start = int(at.timestamp() * 1000) - len(lines)
        found.put_log_events(
            stream, [{"timestamp": start + number, "message": line} for number, line in enumerate(lines)]
        )
