"""CloudWatch Logs: the port `facts.ports.Logs`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.log_ports import LogPage

_GROUPS: Final = 50
"""Log groups or streams a page: the most that DescribeLogGroups gives (botocore 1.44.5 logs service model)."""

_EVENTS: Final = 10_000
"""Events of a stream that one call gives at most, or 1 MiB of them (botocore 1.44.5 logs service model)."""


class AwsLogs:
    """Knows which log groups and streams there are, and what they hold."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def group_exists(self, name: str) -> bool:
        """Whether there is a log group of exactly that name."""
        rows = self._session.pages("logs", "DescribeLogGroups", "logGroups", page_size=_GROUPS, logGroupNamePrefix=name)
        return name in map(name_of, rows)

    def streams(self, group: str, prefix: str) -> tuple[str, ...]:
        """Return the names of the streams of a group that begin with `prefix`; `NotFoundError` without the group."""
        rows = self._session.pages(
            "logs",
            "DescribeLogStreams",
            "logStreams",
            page_size=_GROUPS,
            logGroupName=group,
            logStreamNamePrefix=prefix,
        )
        return tuple(map(stream_of, rows))

    def last_lines(self, group: str, stream: str) -> tuple[str, ...]:
        """Return the last lines of a stream, oldest first, as many as one call gives; `NotFoundError` without it."""
        answer = self._session.call(
            "logs", "GetLogEvents", logGroupName=group, logStreamName=stream, limit=_EVENTS, startFromHead=False
        )
        return lines_of(answer)

    def page(self, group: str, stream: str, *, since: datetime | None = None, token: str | None = None) -> LogPage:
        """Return one page of a stream, read from its start."""
        further = {"nextToken": token} if token else {}
        return self._events(group, stream, since, startFromHead=True, limit=_EVENTS, **further)

    def tail(self, group: str, stream: str, lines: int, *, since: datetime | None = None) -> LogPage:
        """Return the last events of a stream; its token leads on to what comes after them."""
        return self._events(group, stream, since, startFromHead=False, limit=min(max(lines, 1), _EVENTS))

    def _events(self, group: str, stream: str, since: datetime | None, **how: Any) -> LogPage:
        start = {"startTime": int(since.timestamp() * 1000)} if since else {}
        call = {"logGroupName": group, "logStreamName": stream, **start, **how}
        return page_of(self._session.call("logs", "GetLogEvents", **call))


@reads("logs:DescribeLogGroups")
def name_of(row: Mapping[str, Any]) -> str:
    """Read the name of one log group."""
    return str(row["logGroupName"])


@reads("logs:DescribeLogStreams")
def stream_of(row: Mapping[str, Any]) -> str:
    """Read the name of one log stream."""
    return str(row["logStreamName"])


@reads("logs:GetLogEvents")
def page_of(answer: Mapping[str, Any]) -> LogPage:
    """Read events with their times, and the token that leads on."""
    rows = answer["events"]
    times = tuple(int(row["timestamp"]) for row in rows)
    return LogPage(times, tuple(str(row["message"]) for row in rows), answer.get("nextForwardToken"))


@reads("logs:GetLogEvents")
def lines_of(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Read the lines of a log stream."""
    return tuple(str(event["message"]) for event in answer["events"])
