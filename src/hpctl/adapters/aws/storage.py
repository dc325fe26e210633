"""What S3 tells of lifecycle scripts: the port `facts.ports.Storage`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.records import StoredObject

_LARGEST: Final = 1024 * 1024
"""Bytes of an object that are still a script."""

_KEYS: Final = 1000
"""Keys a page, the most there are (Amazon S3 API Reference, ListObjectsV2)."""

_BY_KMS: Final = "aws:kms"
"""With one layer of encryption or two (`aws:kms:dsse`)."""

_FIRST_REGIONS: Final[Mapping[str | None, str]] = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}
"""Buckets of the first two Regions answer with these (Amazon S3 API Reference, GetBucketLocation)."""


class AwsStorage:
    """Reads buckets; botocore follows a bucket to its Region."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def objects(self, bucket: str, prefix: str) -> tuple[StoredObject, ...]:
        """Return the objects below the prefix."""
        where = {"Bucket": bucket, "Prefix": prefix}
        return tuple(map(object_of, self._session.pages("s3", "ListObjectsV2", "Contents", page_size=_KEYS, **where)))

    def read(self, bucket: str, key: str) -> bytes:
        """Return an object's content, unless it is larger than 1 MiB."""
        return self._session.content("s3", "GetObject", limit=_LARGEST, Bucket=bucket, Key=key)

    def encryption_key(self, bucket: str, key: str) -> str | None:
        """Return the KMS key that encrypts an object, None without one."""
        return encryption_key_of(self._session.call("s3", "HeadObject", Bucket=bucket, Key=key))

    def bucket_region(self, bucket: str) -> str:
        """Return the Region of the bucket."""
        place = location_of(self._session.call("s3", "GetBucketLocation", Bucket=bucket))
        return _FIRST_REGIONS.get(place) or str(place)


@reads("s3:ListObjectsV2")
def object_of(row: Mapping[str, Any]) -> StoredObject:
    """Read one row of ListObjectsV2."""
    return StoredObject(key=row["Key"], size=row["Size"], etag=row.get("ETag", ""))


@reads("s3:HeadObject")
def encryption_key_of(answer: Mapping[str, Any]) -> str | None:
    """Read HeadObject, which is headers alone: where S3's are missing, it was not S3 that answered."""
    is_from_s3 = bool(answer["ETag"])
    key: str | None = answer.get("SSEKMSKeyId")
    return key if is_from_s3 and answer.get("ServerSideEncryption", "").startswith(_BY_KMS) else None


@reads("s3:GetBucketLocation")
def location_of(answer: Mapping[str, Any]) -> str | None:
    """Read the constraint of GetBucketLocation, which is empty in the first Region."""
    place: str | None = answer["LocationConstraint"]
    return place
