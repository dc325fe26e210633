"""What a job takes along from this machine: its working directory and local mounts, as archives by their target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from hpctl.errors import UsageError
from hpctl.facts.local_files import PACKED_BYTES, LocalFiles, Sensitive
from hpctl.spec.job import Contract, JobSpec

WORKING_DIRECTORIES: Final = {Contract.TRAINING: "/workdir", Contract.SKYPILOT: "~/sky_workdir"}
"""Where the working directory of the caller comes to lie in every pod, and where scripts start."""


@dataclass(frozen=True, slots=True)
class Baggage:
    """Gzipped tars by the folder that they are unpacked to, and what is to be said about them."""

    archives: dict[str, bytes] = field(repr=False)
    notices: tuple[str, ...] = ()


def packed(spec: JobSpec, files: LocalFiles, sensitive: Sensitive) -> Baggage:
    """Return everything local that a job names.

    Raises:
        UsageError: as `LocalFiles.pack` does, or all of it together is too much.
    """
    archives: dict[str, bytes] = {}
    notices: list[str] = []
    for target, sources in _by_target(spec, files).items():
        one = files.pack(sources, sensitive)
        archives[target] = one.archive
        notices += [f"{target}: {notice}" for notice in one.notices]
        if not one.files:
            notices.append(f"{target}: there are no files to take along")
    _demand_moderate(archives)
    return Baggage(archives, tuple(notices))


def _by_target(spec: JobSpec, files: LocalFiles) -> dict[str, dict[str, str]]:
    """Return what is packed together: a folder by its own target, files by the folder that they come to lie in."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for target, source in _local(spec, files):
        if files.is_folder(source):
            found[target]["."] = source
        else:
            where = PurePosixPath(target)
            found[str(where.parent)][where.name] = source
    return dict(found)


def _local(spec: JobSpec, files: LocalFiles) -> Iterator[tuple[str, str]]:
    if spec.workdir is not None:
        if not files.is_folder(spec.workdir):
            raise UsageError(f"the working directory `{spec.workdir}` is no folder", hint="for a file: `mounts`")
        yield WORKING_DIRECTORIES[spec.contract], spec.workdir
    for mount in spec.mounts:
        if mount.local is not None:
            yield mount.path, mount.local


def _demand_moderate(archives: dict[str, bytes]) -> None:
    total = sum(map(len, archives.values()))
    if total > PACKED_BYTES:
        each = ", ".join(f"`{target}` {len(archive) / 2**20:.1f} MiB" for target, archive in archives.items())
        raise UsageError(
            f"the folders of this machine are too much together: {each} (gzipped), at most {PACKED_BYTES // 2**20} MiB",
            hint="put data on shared storage and mount that: `mounts: [{path: /fsx, claim: NAME}]`",
        )
