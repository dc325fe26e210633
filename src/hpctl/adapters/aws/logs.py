"""CloudWatch Logs: the port `facts.ports.Logs`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession

_GROUPS: Final = 50
"""Log groups a page: the most that DescribeLogGroups gives (botocore 1.44.5 logs service model)."""


class AwsLogs:
    """Knows which log groups there are."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def group_exists(self, name: str) -> bool:
        """Whether there is a log group of exactly that name."""
        rows = self._session.pages("logs", "DescribeLogGroups", "logGroups", page_size=_GROUPS, logGroupNamePrefix=name)
        return name in map(name_of, rows)


@reads("logs:DescribeLogGroups")
def name_of(row: Mapping[str, Any]) -> str:
    """Read the name of one log group."""
    return str(row["logGroupName"])
