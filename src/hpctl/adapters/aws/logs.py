"""CloudWatch Logs: the port `facts.ports.Logs`."""

from __future__ import annotations

from hpctl.adapters.aws.session import AwsSession


class AwsLogs:
    """Knows which log groups there are."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def group_exists(self, name: str) -> bool:
        """Whether there is a log group of exactly that name."""
        rows = self._session.pages("logs", "DescribeLogGroups", "logGroups", logGroupNamePrefix=name)
        return any(row.get("logGroupName") == name for row in rows)
