"""The bearer token of an EKS cluster: a presigned GetCallerIdentity that Kubernetes sends to STS in turn.

Form and limits are those of `aws eks get-token` and aws-iam-authenticator: the cluster's name is a signed header,
so that a token opens one cluster, and it is good for about fifteen minutes.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hpctl.adapters.aws.session import AwsSession

_PREFIX: Final = "k8s-aws-v1."
_PRESIGNED_S: Final = 60
_LIFE: Final = timedelta(minutes=14)
"""A minute less than EKS allows, for the way and for clocks."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, and until when it opens the cluster (UTC)."""

    text: str
    good_until: datetime


def bearer_token(session: AwsSession, cluster: str) -> str:
    """Return a token for the EKS cluster of this name; `AccessError` without credentials."""
    return _signed(session, cluster)[0]


def dated_token(session: AwsSession, cluster: str, now: datetime) -> Token:
    """Return a token that is signed `now`; it ends with the credentials that signed it, if they end before."""
    text, credentials_end_at = _signed(session, cluster)
    return Token(text, min(now + _LIFE, credentials_end_at or now + _LIFE))


def _signed(session: AwsSession, cluster: str) -> tuple[str, datetime | None]:
    # STS of the Region, always: EKS does not follow AWS_ENDPOINT_URL.
    suffix = "amazonaws.com.cn" if session.region.startswith("cn-") else "amazonaws.com"
    url = f"https://sts.{session.region}.{suffix}/?Action=GetCallerIdentity&Version=2011-06-15"
    signed = session.presigned("sts", "GetCallerIdentity", url, {"x-k8s-aws-id": cluster}, expires_s=_PRESIGNED_S)
    return _PREFIX + base64.urlsafe_b64encode(signed.url.encode()).decode().rstrip("="), signed.credentials_end_at
