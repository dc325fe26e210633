"""Where a job's storage comes to lie on the nodes of a Slurm cluster.

A job has no file system of its own there: what it brings lies in its folder on the shared one, and a container is given
it at the path that was asked for. What only Kubernetes can do is refused by name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hpctl.compile.bundle import Payload
from hpctl.errors import UsageError
from hpctl.facts.slurm_site import SlurmSite
from hpctl.spec.job import Contract, JobSpec, Mount, MountMode

WORK_FOLDER: Final = {Contract.TRAINING: "workdir", Contract.SKYPILOT: "home/sky_workdir"}
"""Where scripts start, below the job's folder."""
_MOUNTABLE: Final = frozenset(" ,:;|&<>$`\\\"'*?[]#~=%\n\t")
"""What may not stand in a path that is told to Slurm, pyxis or a file of lines."""


@dataclass(frozen=True, slots=True)
class Laid:
    """Where things come to lie.

    `archives` are gzipped tars by folder below the job's, `copies` S3 URIs with the absolute path that they are copied
    to, once, before anything runs, `binds` what a container is given: `SOURCE:TARGET` or `SOURCE:TARGET:ro`.
    """

    archives: dict[str, bytes] = field(default_factory=dict, repr=False)
    copies: tuple[tuple[str, str], ...] = ()
    binds: tuple[str, ...] = ()


def laid_out(spec: JobSpec, payload: Payload, site: SlurmSite) -> Laid:
    """Decide where the working directory and the mounts of a job lie.

    Raises:
        UsageError: a mount that Slurm's nodes cannot have, with what can be done instead.
    """
    places = _Places(spec, site)
    archives = {places.below(path): data for path, data in sorted(payload.archives.items())}
    copies = tuple((mount.s3, places.absolute(mount.path)) for mount in spec.mounts if mount.s3 and _copied(mount))
    hosts = [_host_bind(mount, spec) for mount in spec.mounts if mount.host_path is not None]
    for mount in spec.mounts:
        if mount.claim is not None:
            hint = f"for a folder that all nodes have: `host_path: {mount.path}`, such as `/fsx`"
            raise UsageError(f"`{mount.path}`: the claim `{mount.claim}` is Kubernetes', and Slurm has none", hint=hint)
    given = [_shared(site.folder), *(bind for bind in hosts if bind), *places.binds]
    return Laid(archives, copies, tuple(dict.fromkeys(given)) if spec.image else ())


@dataclass(slots=True)
class _Places:
    """Places below the job's folder for paths that a job names; `binds` collects what a container needs of them."""

    spec: JobSpec
    site: SlurmSite
    binds: list[str] = field(default_factory=list)

    def below(self, path: str) -> str:
        """Return the place of a path, relative to the job's folder."""
        if inside := self._inside(path):
            return inside
        if self.spec.image is None:
            hint = "mount it below `/workdir` or `~`, or name an `image`: a container has paths of its own"
            raise UsageError(f"`{path}` is the nodes' own on Slurm: nothing is brought there", hint=hint)
        _demand_plain(path)
        place = f"mounts{posixpath.normpath(path)}"
        self.binds.append(f"{self.site.folder}/{place}:{path}")
        return place

    def absolute(self, path: str) -> str:
        """Return the place of a path."""
        return f"{self.site.folder}/{self.below(path)}"

    def _inside(self, path: str) -> str | None:
        homes = {"~": "home"} if self.spec.contract is Contract.SKYPILOT else {}
        for root, place in {"/workdir": "workdir", **homes}.items():
            if path == root or path.startswith(f"{root}/"):
                return f"{place}{path.removeprefix(root)}"
        return None


def _copied(mount: Mount) -> bool:
    if mount.mode is MountMode.MOUNT:
        hint = "copy it with `mode: copy`, or link the bucket to FSx for Lustre and name the folder as `host_path`"
        raise UsageError(f"`{mount.s3}` cannot be mounted at `{mount.path}` on Slurm's nodes", hint=hint)
    if mount.s3 and any(mark.isspace() for mark in mount.s3 + mount.path):
        raise UsageError(f"`{mount.s3}`: a path with white space cannot be copied", hint="copy it in `setup`")
    return True


def _host_bind(mount: Mount, spec: JobSpec) -> str | None:
    """Return what a container is given of a folder of the node; without one the folder is there anyway."""
    if spec.image is None:
        if mount.host_path != mount.path:
            hint = f"use `{mount.host_path}` in the scripts, or name an `image`: a container has paths of its own"
            raise UsageError(f"`{mount.host_path}` cannot be at `{mount.path}` without a container", hint=hint)
        return None
    _demand_plain(mount.host_path or "", mount.path)
    return f"{mount.host_path}:{mount.path}{':ro' if mount.read_only else ''}"


def _shared(folder: str) -> str:
    """Return the shared file system that a job's folder lies on, for its container: `/fsx`, `/home`."""
    root = "/" + folder.strip("/").partition("/")[0]
    return f"{root}:{root}"


def _demand_plain(*paths: str) -> None:
    for path in paths:
        if _MOUNTABLE & set(path) or not path.isprintable():
            hint = "choose another path, or a link without such marks"
            raise UsageError(f"`{path}`: a container cannot be given a path with such marks", hint=hint)


def unread(spec: JobSpec) -> Iterator[str]:
    """Yield the paths that were asked to be read only, and can be written where there is no container."""
    for mount in spec.mounts:
        if mount.read_only and spec.image is None:
            yield mount.path
