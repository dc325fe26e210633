"""What the lifecycle configuration of a group leads to: the script that its nodes will run, or the reason why not."""

from __future__ import annotations

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
        bucket, _, prefix = uri.partition("://")[2].partition("/")
        return cls(bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else "")

    def read(self, account: Account, name: str) -> bytes | None:
        """Return a file beside the scripts, or None when there is none."""
        bucket = account.bucket(self.bucket)
        found = None if bucket is None else bucket.objects.get(self.prefix + name)
        return None if found is None else bytes(found.value)


def prepared(spec: Mapping[str, Any], account: Account, resource_config: Mapping[str, object]) -> Script | Fault | None:
    """Return what the nodes of a group will run; a Fault when they cannot get it, None when they run nothing."""
    source = Source.of(spec)
    entry = _entry(spec)
    if source is None or entry is None:
        return None
    bucket = account.bucket(source.bucket)
    if bucket is None or bucket.region != account.region or not _may_read(spec, account, source, entry):
        return _LOST
    files = _files(bucket, source.prefix)
    return Script(entry, files, resource_config) if entry in files else _LOST


def _entry(spec: Mapping[str, Any]) -> str | None:
    config = spec.get("LifeCycleConfig", {})
    found: str | None = config.get("OnCreate") or config.get("OnInitComplete")
    return found


def _may_read(spec: Mapping[str, Any], account: Account, source: Source, entry: str) -> bool:
    role = account.role(spec["ExecutionRole"])
    place = f"arn:aws:s3:::{source.bucket}"
    return role.may("s3:ListBucket", place) and role.may("s3:GetObject", f"{place}/{source.prefix}{entry}")


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
