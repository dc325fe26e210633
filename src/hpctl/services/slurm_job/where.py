"""Where jobs are on a HyperPod cluster that Slurm orchestrates: its controller, a user, a shared folder."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Final

from hpctl.errors import UsageError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster
from hpctl.facts.slurm_controller import controller_of
from hpctl.facts.slurm_jobs import SlurmPlace

DEFAULT_USER: Final = "ubuntu"
_USER: Final = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?")
_FOLDER: Final = re.compile(r"(/[A-Za-z0-9_.+@-]+)+")


@dataclass(frozen=True, slots=True)
class SlurmWhere:
    """A place for jobs; `cluster` is the HyperPod cluster's name, `way` are flags of AWS (` --region us-west-2`)."""

    cluster: str
    place: SlurmPlace
    way: str = ""

    @property
    def flags(self) -> str:
        """The flags that lead here, as commands to paste have them."""
        user, shared = self.place.user, self.place.shared
        as_user = "" if user == DEFAULT_USER else f" --user {user}"
        folder = "" if shared == default_folder(user) else f" --shared-dir {shlex.quote(shared)}"
        return f"--cluster {self.cluster}{as_user}{folder}{self.way}"

    @property
    def words(self) -> str:
        """The place in a sentence."""
        return f"of user `{self.place.user}` on cluster `{self.cluster}`"


def default_folder(user: str) -> str:
    """Return where the home of a user is on HyperPod's Slurm clusters: AWS's lifecycle scripts put it on FSx."""
    return f"/fsx/{user}"


def where_on_slurm(found: Cluster, user: str | None, shared: str | None, ports: Ports) -> SlurmWhere:
    """Return the place in a cluster.

    Raises:
        UsageError: no user or no folder can have such a name.
        NotFoundError: the cluster has no controller.
        UnavailableError: its controller does not run.
    """
    name = user or DEFAULT_USER
    if not _USER.fullmatch(name):
        raise UsageError(f"`--user`: `{name}` cannot be the name of a user", hint="small letters, digits, `_` and `-`")
    folder = (shared or default_folder(name)).rstrip("/")
    if not _FOLDER.fullmatch(folder) or {"..", "."} & set(folder.split("/")):
        hint = "the absolute path of a folder that all nodes share, of letters, digits and `_-.+@`, such as /fsx/ubuntu"
        raise UsageError(f"`--shared-dir`: `{folder}` is no such path", hint=hint)
    controller = controller_of(found.name, ports.clusters, ports.storage, ports.sessions)
    return SlurmWhere(found.name, SlurmPlace(controller, name, folder))
