"""What the lifecycle configuration of a group leads to: the script that its nodes will run, or the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker.cluster import Fault, Stage
from hpctl.sandbox.sagemaker.wordings import SCRIPTS_FAILED
from hpctl.sandbox.scripts import Script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hpctl.sandbox.account import Account, Bucket

# Enough for scripts, too little for data that somebody keeps beside them.
_MOST_FILES, _MOST_BYTES = 300, 4 * 1024 * 1024
_LOST = Fault(Stage.SCRIPTS, SCRIPTS_FAILED)
# The forms of address that the pattern of SourceS3Uri lets pass: S3's own, and both of its web addresses.
_ADDRESSES = (
    re.compile(r"s3://(?P<bucket>[^/]+)/?(?P<prefix>.*)"),
    re.compile(r"https://s3[.-][^/]*amazonaws\.com[^/]*/(?P<bucket>[^/]+)/?(?P<prefix>.*)"),
    re.compile(r"https://(?P<bucket>[^/]+)\.s3[.-][^/]*amazonaws\.com[^/]*/?(?P<prefix>.*)"),
)
SLURM_PARAMETERS = "provisioning_parameters.json"


@dataclass(frozen=True)
class Source:
    """A place in S3: `prefix` is empty or ends with a slash."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Source | None:
        """Return where a group's scripts are, or None when it has none."""
        uri = spec.get("LifeCycleConfig", {}).get("SourceS3Uri")
        if uri is None:
            return None
        found = next((match for form in _ADDRESSES if (match := form.fullmatch(uri))), None)
        if found is None:
            return cls(uri, "")  # an address that is none of S3: there is no such bucket
        prefix = found["prefix"]
        return cls(found["bucket"], f"{prefix.rstrip('/')}/" if prefix.strip("/") else "")

    def read(self, account: Account, name: str) -> bytes | None:
        """Return a file beside the scripts, or None when there is none."""
        bucket = account.bucket(self.bucket)
        found = None if bucket is None else bucket.objects.get(self.prefix + name)
        return None if found is None else bytes(found.value)


def prepared(spec: Mapping[str, Any], account: Account, resource_config: Mapping[str, object]) -> Script | Fault | None:
    """Return what the nodes of a group will run; a Fault when they cannot get it, None when they run nothing."""
    source, entries = Source.of(spec), _entries(spec)
    if source is None or not entries:
        return None
    bucket = account.bucket(source.bucket)
    if bucket is None or bucket.region != account.region:
        return _LOST
    files = _files(bucket, source.prefix)
    if not all(entry in files and _may_read(spec, account, source, entry) for entry in entries):
        return _LOST
    if not all(_may_decrypt(spec, account, bucket.objects[source.prefix + entry]) for entry in entries):
        return _LOST
    return Script(entries, files, resource_config)


def _entries(spec: Mapping[str, Any]) -> tuple[str, ...]:
    config = spec.get("LifeCycleConfig", {})
    return tuple(config[member] for member in ("OnCreate", "OnInitComplete") if config.get(member))


def _may_read(spec: Mapping[str, Any], account: Account, source: Source, entry: str) -> bool:
    role = account.role(spec["ExecutionRole"])
    place = f"arn:aws:s3:::{source.bucket}"
    return role.may("s3:ListBucket", place) and role.may("s3:GetObject", f"{place}/{source.prefix}{entry}")


def _may_decrypt(spec: Mapping[str, Any], account: Account, stored: Any) -> bool:
    return stored.kms_key_id is None or account.may_use_key(spec["ExecutionRole"], stored.kms_key_id, "kms:Decrypt")


def _files(bucket: Bucket, prefix: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = _MOST_BYTES
    for key in sorted(key for key in bucket.objects if key.startswith(prefix)):
        name = key[len(prefix) :]
        size = bucket.objects[key].size
        if _is_safe(name) and size <= left and len(files) < _MOST_FILES:
            files[name] = bytes(bucket.objects[key].value)
            left -= size
    return files


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    parts = name.split("/")
    return bool(name) and not path.is_absolute() and "" not in parts and ".." not in parts and "\0" not in name
