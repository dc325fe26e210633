"""The bearer tokens that EKS takes: a presigned GetCallerIdentity of STS that names the cluster in a signed header.

Form and time limits are those of aws-iam-authenticator, which EKS runs in front of Kubernetes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from moto.iam.access_control import (
    AssumedRoleAccessKey,
    CreateAccessKeyFailure,
    IAMUserAccessKey,
    create_access_key,
)

_PREFIX = "k8s-aws-v1."
_LIFE = timedelta(minutes=15)
# How far the clock of who signs may be ahead.
_SLACK = timedelta(minutes=5)
_MOST_PRESIGNED_S = 900
_WANTED = {"Action": "GetCallerIdentity", "Version": "2011-06-15", "X-Amz-Algorithm": "AWS4-HMAC-SHA256"}
_HOST = re.compile(r"sts\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


def signer(token: str, cluster: str, account: str, now: datetime) -> str | None:
    """Return the ARN of who signed a token for this cluster with a key of the account, as GetCallerIdentity tells it.

    None when the token is not in form, too old, or signed by nobody or for something else.
    """
    try:
        address = urlsplit(_decoded(token))
        query = dict(parse_qsl(address.query, strict_parsing=True))
        host = _HOST.fullmatch(address.netloc)
        if address.scheme != "https" or address.path not in {"", "/"} or host is None:
            return None
        if any(query[name] != value for name, value in _WANTED.items()) or not _timely(query, now):
            return None
        signature, owner = query.pop("X-Amz-Signature"), _owner(query, account)
        right = _signature(address.netloc, query, cluster, owner)
        return str(owner.arn) if hmac.compare_digest(signature, right) else None
    except (KeyError, ValueError, CreateAccessKeyFailure):
        return None


def accepted(token: str, cluster: str, account: str, now: datetime) -> bool:
    """Whether a token is in form, not too old, and signed for this cluster by a key of the account."""
    return signer(token, cluster, account, now) is not None


def _decoded(token: str) -> str:
    if not token.startswith(_PREFIX) or "=" in token:
        raise ValueError(token)
    text = token.removeprefix(_PREFIX)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except binascii.Error as error:
        raise ValueError(text) from error


def _timely(query: dict[str, str], now: datetime) -> bool:
    signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return 0 < int(query["X-Amz-Expires"]) <= _MOST_PRESIGNED_S and now - _LIFE < signed < now + _SLACK


def _owner(query: dict[str, str], account: str) -> IAMUserAccessKey | AssumedRoleAccessKey:
    session = {name: value for name, value in query.items() if name == "X-Amz-Security-Token"}
    return create_access_key(account, "aws", query["X-Amz-Credential"].partition("/")[0], session)


def _signature(host: str, query: dict[str, str], cluster: str, owner: IAMUserAccessKey | AssumedRoleAccessKey) -> str:
    _, date, region, service, _ = query["X-Amz-Credential"].split("/")
    if query["X-Amz-SignedHeaders"] != "host;x-k8s-aws-id" or service != "sts" or not query["X-Amz-Date"][:8] == date:
        raise ValueError(query["X-Amz-Credential"])
    request = AWSRequest("GET", f"https://{host}/?{urlencode(query)}", headers={"x-k8s-aws-id": cluster})
    request.context["timestamp"] = query["X-Amz-Date"]
    auth = SigV4QueryAuth(owner.create_credentials(), service, region)
    return str(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))
