"""Lifecycle scripts into S3: the port `facts.script_ports.ScriptStore`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.script_ports import KeptScript

_KEYS: Final = 1000
"""Keys a page, the most there are (Amazon S3 API Reference, ListObjectsV2)."""

_NOTHING: Final = "*"
"""If-None-Match with it: write only where there is nothing (Amazon S3 API Reference, PutObject)."""


class AwsScriptStore:
    """Writes with S3's conditions, so that nobody's change in between is lost."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def kept(self, bucket: str, prefix: str) -> tuple[KeptScript, ...]:
        """Return what there is below the prefix."""
        where = {"Bucket": bucket, "Prefix": prefix}
        return tuple(map(script_of, self._session.pages("s3", "ListObjectsV2", "Contents", page_size=_KEYS, **where)))

    def put(self, bucket: str, key: str, content: bytes, *, replaces: str | None) -> None:
        """Store an object where there is none, or in place of the one with the ETag `replaces`."""
        condition = {"IfNoneMatch": _NOTHING} if replaces is None else {"IfMatch": replaces}
        checksum = b64encode(sha256(content).digest()).decode()
        what = {"Bucket": bucket, "Key": key, "Body": content, "ChecksumSHA256": checksum}
        etag_of(self._session.call("s3", "PutObject", **what, **condition))


@reads("s3:ListObjectsV2")
def script_of(row: Mapping[str, Any]) -> KeptScript:
    """Read one row of ListObjectsV2."""
    return KeptScript(key=row["Key"], size=row["Size"], etag=row["ETag"])


@reads("s3:PutObject")
def etag_of(answer: Mapping[str, Any]) -> str:
    """Read PutObject, which is headers alone: where S3's are missing, nothing was stored."""
    etag: str = answer["ETag"]
    return etag
