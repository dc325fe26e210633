"""Put a folder of lifecycle scripts into S3: compare, refuse to overwrite unasked, write, read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from hashlib import sha256

from hpctl.checks.scripts import Folder
from hpctl.errors import ConflictError, NotFoundError, UnavailableError
from hpctl.facts.ports import Ports, Storage
from hpctl.facts.script_ports import KeptScript
from hpctl.facts.world import World
from hpctl.plan.create import guard
from hpctl.report.lifecycle import ScriptStanding, ScriptUploadReport, Standing
from hpctl.spec.cluster import ClusterSpec


class Overwriting(Enum):
    """Whether objects with other content may be replaced."""

    REFUSED = auto()
    WANTED = auto()


@dataclass(frozen=True)
class LocalScripts:
    """A folder of this machine: its path as it was said, and its files by name."""

    path: str
    files: Mapping[str, bytes]


def demand_meant(spec: ClusterSpec, world: World) -> None:
    """Raise `ConflictError` when the spec is for another account or Region than the session's."""
    guard(spec, world.identity())


def compare(
    local: LocalScripts, folder: Folder, ports: Ports, world: World, overwriting: Overwriting = Overwriting.REFUSED
) -> ScriptUploadReport:
    """Return how the files and the objects stand to each other; nothing is written.

    Raises:
        NotFoundError: there is no such bucket.
    """
    identity = world.identity()
    try:
        kept = {row.key.removeprefix(folder.prefix): row for row in ports.scripts.kept(folder.bucket, folder.prefix)}
    except NotFoundError as error:
        hint = f"aws s3 mb s3://{folder.bucket} --region {identity.region}"
        raise NotFoundError(f"there is no bucket `{folder.bucket}`", hint=hint) from error
    return ScriptUploadReport(
        identity=identity,
        folder=local.path,
        uri=folder.uri,
        overwrite=overwriting is Overwriting.WANTED,
        files=tuple(_standings(local.files, kept, folder, ports.storage)),
    )


def demand_unopposed(report: ScriptUploadReport) -> None:
    """Raise `ConflictError` where objects would be overwritten that nobody said may be."""
    if report.different and not report.overwrite:
        names = ", ".join(f"`{row.name}`" for row in report.different)
        raise ConflictError(
            f"`{report.uri}` has other content already: {names}",
            hint="look at it: aws s3 cp " + f"{report.uri}{report.different[0].name} -\nreplace it: add `--overwrite`",
        )


def upload(report: ScriptUploadReport, local: LocalScripts, folder: Folder, ports: Ports) -> ScriptUploadReport:
    """Put into S3 what `report` says, read each object back, and return the report with what was done.

    Each object is written under the condition that nobody changed it since it was compared.

    Raises:
        ConflictError: there are objects with other content, or somebody put one there meanwhile.
        UnavailableError: what is read back is not what was written.
    """
    demand_unopposed(report)
    for row in report.wanted:
        key, content = f"{folder.prefix}{row.name}", local.files[row.name]
        ports.scripts.put(folder.bucket, key, content, replaces=row.etag)
        if ports.storage.read(folder.bucket, key) != content:
            raise UnavailableError(f"`{folder.uri}{row.name}` reads other than it was written", hint="upload again")
    return report.model_copy(update={"uploaded": tuple(row.name for row in report.wanted)})


def _standings(
    files: Mapping[str, bytes], kept: Mapping[str, KeptScript], folder: Folder, storage: Storage
) -> Iterator[ScriptStanding]:
    for name, content in sorted(files.items()):
        digest, there = sha256(content).hexdigest(), kept.get(name)
        if there is None:
            yield ScriptStanding(name=name, state="new", size=len(content), sha256=digest)
            continue
        # An ETag is a digest for some objects and not for others: only the content tells.
        same = there.size == len(content) and storage.read(folder.bucket, there.key) == content
        standing: Standing = "same" if same else "different"
        yield ScriptStanding(name=name, state=standing, size=len(content), sha256=digest, etag=there.etag)
    for name, there in sorted(kept.items()):
        if name and not name.endswith("/") and name not in files:
            yield ScriptStanding(name=name, state="only in S3", size=there.size, etag=there.etag)
