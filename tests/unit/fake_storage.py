"""Buckets, scripts and file systems in memory."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from hpctl.errors import ConflictError, NotFoundError
from hpctl.facts.filesystems import FileSystem
from hpctl.facts.records import StoredObject
from hpctl.facts.script_ports import KeptScript, ShellFault
from tests.unit.builders import REGION, SCRIPTS, a_file_system, an_open_zfs
from tests.unit.fake_calls import CallLog


class FakeStorage:
    """Buckets with their objects; each is in the account's Region unless `regions` says otherwise."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.buckets: dict[str, dict[str, bytes]] = {"sagemaker-x": dict(SCRIPTS)}
        self.regions: dict[str, str] = {}
        self.encrypted_by: dict[str, str] = {}

    def objects(self, bucket: str, prefix: str) -> tuple[StoredObject, ...]:
        self._log.record("storage.objects", bucket, prefix)
        held = self._found(bucket)
        keys = (key for key in sorted(held) if key.startswith(prefix))
        return tuple(StoredObject(key, len(held[key]), etag(held[key])) for key in keys)

    def read(self, bucket: str, key: str) -> bytes:
        self._log.record("storage.read", bucket, key)
        held = self._found(bucket)
        if key not in held:
            raise NotFoundError(f"there is no object `{key}`")
        return held[key]

    def encryption_key(self, bucket: str, key: str) -> str | None:
        self._log.record("storage.encryption_key", bucket, key)
        if key not in self._found(bucket):
            raise NotFoundError(f"there is no object `{key}`")
        return self.encrypted_by.get(key)

    def bucket_region(self, bucket: str) -> str:
        self._log.record("storage.bucket_region", bucket)
        self._found(bucket)
        return self.regions.get(bucket, REGION)

    def _found(self, bucket: str) -> dict[str, bytes]:
        if bucket not in self.buckets:
            raise NotFoundError(f"there is no bucket `{bucket}`")
        return self.buckets[bucket]


class FakeScriptStore:
    """The buckets of `FakeStorage`, to write; `meanwhile` is put there just before a write."""

    def __init__(self, log: CallLog, storage: FakeStorage) -> None:
        self._log = log
        self._storage = storage
        self.meanwhile: dict[str, bytes] = {}

    def kept(self, bucket: str, prefix: str) -> tuple[KeptScript, ...]:
        self._log.record("scripts.kept", bucket, prefix)
        held = self._storage._found(bucket)
        return tuple(KeptScript(key, len(held[key]), etag(held[key])) for key in sorted(held) if key.startswith(prefix))

    def put(self, bucket: str, key: str, content: bytes, *, replaces: str | None) -> None:
        self._log.record("scripts.put", bucket, key, replaces)
        held = self._storage._found(bucket)
        held.update(self.meanwhile)
        if (etag(held[key]) if key in held else None) != replaces:
            raise ConflictError(f"`s3:PutObject` for `{key}` is in conflict with what is there")
        held[key] = content


def etag(content: bytes) -> str:
    return f'"{sha256(content).hexdigest()}"'


class FakeShell:
    """A shell that takes exception to what `misread` names, and to nothing else."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.misread: dict[bytes, tuple[ShellFault, ...]] = {}

    def faults(self, script: bytes) -> tuple[ShellFault, ...]:
        self._log.record("shell.faults")
        return self.misread.get(script, ())


class FakeFileSystems:
    """FSx file systems, all of them behind the nodes' own security group unless `guarding` says otherwise."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_systems = [a_file_system(), an_open_zfs()]
        self.guarding: frozenset[str] = frozenset({"sg-nodes"})

    def all(self) -> tuple[FileSystem, ...]:
        self._log.record("file_systems.all")
        return tuple(self.known_systems)

    def guards(self, interface_ids: Iterable[str]) -> frozenset[str]:
        self._log.record("file_systems.guards", tuple(interface_ids))
        return self.guarding
