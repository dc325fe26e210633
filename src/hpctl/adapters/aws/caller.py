"""Who signs the requests: the port `facts.ports.Caller`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.records import Identity


class AwsCaller:
    """Asks STS, which answers every valid credential."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def identity(self) -> Identity:
        """Return account, principal, Region and profile."""
        account, arn = _principal_of(self._session.call("sts", "GetCallerIdentity"))
        return Identity(account=account, arn=arn, region=self._session.region, profile=self._session.profile)


@reads("sts:GetCallerIdentity")
def _principal_of(answer: Mapping[str, Any]) -> tuple[str, str]:
    return answer["Account"], answer["Arn"]
