"""What CloudWatch Logs keeps of one node: its lifecycle scripts, the health agent, deep health checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hpctl import timeouts
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.log_ports import LogPage, Logs
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, Node
from hpctl.plan.delete import log_group
from hpctl.report.logs import LogLines, LogNote, LogSource, LogStep
from hpctl.services.node_names import one_node

_NS_OF_MS: Final = 1_000_000
_DEEP: Final = "DeepHealthCheckResults/"
_SEARCHED: Final = 20
"""Results of deep health checks that are searched for a node's id, where no name has it."""


class Source(StrEnum):
    """Who writes a log."""

    LIFECYCLE = "lifecycle"
    HEALTH_AGENT = "health-agent"
    DEEP_HEALTH_CHECK = "deep-health-check"


_STREAMS: Final = {Source.LIFECYCLE: "LifecycleConfig", Source.HEALTH_AGENT: "SagemakerHealthMonitoringAgent"}
_SILENT: Final = {
    Source.LIFECYCLE: (
        "its lifecycle scripts have said nothing: they have not begun, write elsewhere than to "
        "/var/log/provision/provisioning.log, or its execution role may not write logs"
    ),
    Source.HEALTH_AGENT: "its health agent has said nothing: it runs on nodes with accelerators, and tells of faults",
    Source.DEEP_HEALTH_CHECK: "no deep health check of it is on record: groups on EKS have them when they ask for it",
}


@dataclass(frozen=True)
class NodeLogWish:
    """What is to be read: of these sources (all without), from a time on, at most so many lines each, or on and on."""

    sources: tuple[Source, ...] = ()
    since: datetime | None = None
    tail: int | None = None
    follow: bool = False


def read(cluster: str, name: str, wish: NodeLogWish, ports: Ports) -> Iterator[LogStep]:
    """Yield the lines of each source, oldest first, then new ones as they come when they are followed.

    What is not there is said, with why that may be. Raises `NotFoundError` without such a cluster or node.
    """
    found, node = one_node(cluster, name, ports.clusters)
    reader = _Reader(found, node, wish, ports)
    yield from reader.first()
    while wish.follow:
        ports.clock.sleep(timeouts.LOG_LOOK_S)
        yield from reader.more()


class _Reader:
    """How far each stream was read."""

    def __init__(self, cluster: Cluster, node: Node, wish: NodeLogWish, ports: Ports) -> None:
        """Nothing was read yet."""
        self._group = log_group(cluster)
        self._node, self._wish, self._ports = node, wish, ports
        self._sources = wish.sources or tuple(Source)
        self._tokens: dict[tuple[Source, str], str | None] = {}
        self._missed = 0

    def first(self) -> Iterator[LogStep]:
        """Yield what there is; where a source has nothing, a note says so, if it was asked for or none has any."""
        empty = []
        for source in self._sources:
            streams = self._streams(source)
            told = [step for stream in streams for step in self._begun(source, stream)]
            yield from told
            empty += [] if told else [source]
        if self._wish.sources or len(empty) == len(self._sources):
            for source in empty:
                yield LogNote(f"{self._node.node_id}: {_SILENT[source]} (log group {self._group})")

    def more(self) -> Iterator[LogStep]:
        """Yield what has come since, of streams that are new, too; an API that is down for a while is borne."""
        try:
            yield from self._more()
            self._missed = 0
        except UnavailableError:
            self._missed += 1
            if self._missed >= timeouts.FOLLOW_MISSED:
                raise
            if self._missed == 1:
                yield LogNote("AWS does not answer; nothing is lost, the next look tells all")

    def _more(self) -> Iterator[LogStep]:
        for source in self._sources:
            for stream in self._streams(source):
                if (source, stream) not in self._tokens:
                    yield from self._begun(source, stream)
                else:
                    yield from self._read(source, stream)

    def _begun(self, source: Source, stream: str) -> Iterator[LogStep]:
        logs, wish = self._ports.logs, self._wish
        if wish.tail is None:
            self._tokens[source, stream] = None
            yield from self._read(source, stream)
            return
        page = logs.tail(self._group, stream, wish.tail, since=wish.since)
        self._tokens[source, stream] = page.token
        yield from self._block(source, page if wish.tail else LogPage((), (), page.token))

    def _read(self, source: Source, stream: str) -> Iterator[LogStep]:
        while True:
            token = self._tokens[source, stream]
            since = None if token else self._wish.since
            page = self._ports.logs.page(self._group, stream, since=since, token=token)
            yield from self._block(source, page)
            self._tokens[source, stream] = page.token
            if page.token is None or page.token == token:
                return

    def _block(self, source: Source, page: LogPage) -> Iterator[LogStep]:
        if page.messages:
            times = [time * _NS_OF_MS for time in page.times_ms]
            lines = [message.rstrip("\n").replace("\n", " ").encode() for message in page.messages]
            yield LogLines(LogSource(source.value, None, self._node.node_id, source.value), times, lines)

    def _streams(self, source: Source) -> tuple[str, ...]:
        logs, node = self._ports.logs, self._node
        try:
            if source in _STREAMS:
                name = f"{_STREAMS[source]}/{node.instance_group}/{node.node_id}"
                return tuple(stream for stream in logs.streams(self._group, name) if stream == name)
            return tuple(_deep(logs, self._group, node.node_id))
        except NotFoundError:  # no log group yet
            return ()


def _deep(logs: Logs, group: str, node_id: str) -> Iterator[str]:
    """Yield the results of a node: their streams have ids of their own, which may name the node or not."""
    streams = logs.streams(group, _DEEP)
    named = [stream for stream in streams if node_id in stream]
    yield from named or _telling(logs, group, streams[-_SEARCHED:], node_id)


def _telling(logs: Logs, group: str, streams: Iterable[str], node_id: str) -> Iterator[str]:
    return (stream for stream in streams if any(node_id in line for line in logs.last_lines(group, stream)))
