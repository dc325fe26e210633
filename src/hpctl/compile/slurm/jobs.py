"""A job on Slurm: its script, and what lies beside it in the job's folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hpctl.compile.bundle import Payload
from hpctl.compile.scripts import SKYPILOT_FILES, text_of
from hpctl.compile.slurm.bundle import SlurmBundle
from hpctl.compile.slurm.mounts import WORK_FOLDER, Laid, laid_out
from hpctl.compile.slurm.placement import seat
from hpctl.compile.slurm.remarks import remarks
from hpctl.compile.slurm.script import script
from hpctl.compile.slurm.settings import fabric, settings
from hpctl.compile.slurm.variables import variable_files
from hpctl.facts.slurm_site import SlurmSite
from hpctl.spec.job import Contract, JobSpec

_SHARED: Final = ("batch.sh", "node.sh", "rank.sh", "prepare.sh", "phase.sh")
_FOLDERS: Final = ("job", "logs", "state")
ENTER: Final = "enter"
"""The file by which a command is run beside a rank: `bash FOLDER/enter RANK COMMAND...`."""


def compile_for_slurm(spec: JobSpec, payload: Payload, site: SlurmSite) -> SlurmBundle:
    """Build what is submitted, for the cluster as it is known.

    Pure: the same arguments give the same script and files.

    Raises:
        DoesNotFitError: no nodes of the cluster could ever run it.
        UsageError: a variable, a path, a name or a mount cannot be had on Slurm, or a secret has no value.
    """
    found = seat(spec, site)
    placement = found.placement(spec)
    laid = laid_out(spec, payload, site)
    files = {f"job/{name}": text for name, text in _texts(spec, payload, laid)}
    files["job/settings.sh"] = settings(spec, placement, payload, site)
    files["job/fabric.sh"] = fabric(found.fit.type, spec)
    files |= {ENTER: text_of("enter.sh"), **variable_files(spec, payload)}
    return SlurmBundle(
        script=script(spec, found, site, laid.binds),
        files={name: text.encode() for name, text in sorted(files.items())},
        archives=laid.archives,
        folders=tuple(sorted({*_FOLDERS, WORK_FOLDER[spec.contract], *laid.archives})),
        placement=placement,
        notices=tuple(remarks(spec, found)),
    )


def _texts(spec: JobSpec, payload: Payload, laid: Laid) -> Iterator[tuple[str, str]]:
    yield from ((name, text_of(name)) for name in _SHARED)
    yield from ((name, text) for name, text in (("setup", spec.setup), ("run", spec.run)) if text is not None)
    yield "copies", "".join(f"{uri} {path}\n" for uri, path in laid.copies)
    yield "env-names", "".join(f"{name}\n" for name in dict.fromkeys((*spec.env, *spec.secrets, *payload.secrets)))
    if spec.contract is Contract.SKYPILOT:
        yield from ((name, text_of(source)) for name, source in SKYPILOT_FILES.items() if name != "session.sh")
