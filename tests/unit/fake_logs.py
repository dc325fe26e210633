"""CloudWatch logs in memory."""

from __future__ import annotations

from datetime import datetime

from hpctl.errors import NotFoundError
from hpctl.facts.log_ports import LogPage
from tests.unit.builders import NOW
from tests.unit.fake_calls import CallLog


class FakeLogs:
    """CloudWatch log groups."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.groups: set[str] = set()
        self.lines: dict[tuple[str, str], tuple[str, ...]] = {}

    def group_exists(self, name: str) -> bool:
        self._log.record("logs.group_exists", name)
        return name in self.groups

    def streams(self, group: str, prefix: str) -> tuple[str, ...]:
        self._log.record("logs.streams", group, prefix)
        if group not in {*self.groups, *(held for held, _ in self.lines)}:
            raise NotFoundError(f"there is no log group `{group}`")
        return tuple(stream for held, stream in self.lines if held == group and stream.startswith(prefix))

    def last_lines(self, group: str, stream: str) -> tuple[str, ...]:
        self._log.record("logs.last_lines", group, stream)
        return self.lines[group, stream]

    def page(self, group: str, stream: str, *, since: datetime | None = None, token: str | None = None) -> LogPage:
        """Pages of two lines; times count seconds from NOW."""
        self._log.record("logs.page", group, stream, since, token)
        rows = self._rows(group, stream, None)
        start = int(token) if token else len(rows) - len(self._rows(group, stream, since))
        return _page(rows[start : start + 2], min(start + 2, len(rows)))

    def tail(self, group: str, stream: str, lines: int, *, since: datetime | None = None) -> LogPage:
        self._log.record("logs.tail", group, stream, lines, since)
        rows = self._rows(group, stream, since)
        return _page(rows[-lines:], len(rows))

    def _rows(self, group: str, stream: str, since: datetime | None) -> list[tuple[int, str]]:
        if (group, stream) not in self.lines:
            raise NotFoundError(f"there is no stream `{stream}`")
        start = int(NOW.timestamp() * 1000)
        rows = [(start + 1000 * at, line) for at, line in enumerate(self.lines[group, stream])]
        return [row for row in rows if since is None or row[0] >= since.timestamp() * 1000]


def _page(rows: list[tuple[int, str]], end: int) -> LogPage:
    return LogPage(tuple(time for time, _ in rows), tuple(line for _, line in rows), str(end))
