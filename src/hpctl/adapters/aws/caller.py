"""Who signs the requests: the port `facts.ports.Caller`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from hpctl.adapters.aws.errors import lacking, reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.records import Identity

_ARN: Final = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::\d{12}:.")


class AwsCaller:
    """Asks STS, which answers every valid credential."""

    def __init__(self, session: AwsSession, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Ask through `session`; `now` is this machine's clock."""
        self._session = session
        self._now = now

    def identity(self) -> Identity:
        """Return account, principal, Region and profile."""
        account, arn = _principal_of(self._session.call("sts", "GetCallerIdentity"))
        return Identity(account=account, arn=arn, region=self._session.region, profile=self._session.profile)

    def clock_skew_s(self) -> float:
        """Return by how many seconds this machine's clock is ahead of AWS's, by the time that an answer carries."""
        answered_at = _time_of(self._session.call("sts", "GetCallerIdentity"))
        return (self._now() - answered_at).total_seconds()

    def credentials_left_s(self) -> float | None:
        """Return for how many seconds the credentials are good; None when they renew themselves, or do not say."""
        end_at = self._session.credentials_end_at
        return None if end_at is None else (end_at - self._now()).total_seconds()

    def pinned_profile(self) -> str | None:
        """Return the profile that the credentials come from, None where no profile is."""
        return self._session.pinned_profile


@reads("sts:GetCallerIdentity")
def _time_of(answer: Mapping[str, Any]) -> datetime:
    told = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
    try:
        return parsedate_to_datetime(told).replace(tzinfo=UTC)  # HTTP dates are in UTC, however they say it
    except ValueError as error:
        raise lacking("sts:GetCallerIdentity", "Date") from error


@reads("sts:GetCallerIdentity")
def _principal_of(answer: Mapping[str, Any]) -> tuple[str, str]:
    account, arn = answer["Account"], answer["Arn"]
    if _ARN.match(arn) is None:  # remedies are made of its parts
        raise lacking("sts:GetCallerIdentity", "Arn")
    return account, arn
