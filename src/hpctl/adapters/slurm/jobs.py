"""Jobs of a Slurm cluster, through one program that hpctl runs on its controller node, a session a question."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256
from typing import Any, BinaryIO, Final, NoReturn

from hpctl import timeouts
from hpctl.adapters.slurm.folders import with_paths
from hpctl.adapters.slurm.program import answering, beside
from hpctl.adapters.slurm.reading import nodes_of, partitions_of
from hpctl.adapters.slurm.told import jobs_of
from hpctl.errors import AccessError, NotFoundError, RefusedError, UnavailableError
from hpctl.facts.session_ports import Ran, Sessions, Target
from hpctl.facts.slurm_job_ports import Fleet, NameTakenError, SlurmSubmission, Submitted
from hpctl.facts.slurm_jobs import SlurmJob, SlurmPlace, marked

_SCRIPT: Final = "script"
_BYTES_A_LINE: Final = 512
_NO_PYTHON: Final = 127
_HARMLESS: Final = frozenset({"look", "job", "fleet", "tail"})
_TRIES: Final = 2


class SlurmJobsOverSessions:
    """`SlurmJobs`, over Session Manager's sessions."""

    def __init__(self, sessions: Sessions) -> None:
        """Keep the sessions; nothing is opened."""
        self._sessions = sessions

    def submit(self, at: SlurmPlace, wish: SlurmSubmission) -> Submitted:
        """Send the job and submit it in one session."""
        told = self._ask(at, _submission(at, wish, test=False), _packed(wish), timeout_s=timeouts.SLURM_SUBMIT_S)
        return Submitted(id=int(told["id"]), said=str(told.get("said", "")), again=bool(told["again"]))

    def test(self, at: SlurmPlace, wish: SlurmSubmission) -> str:
        """Send the job and let `sbatch --test-only` judge it."""
        told = self._ask(at, _submission(at, wish, test=True), _packed(wish), timeout_s=timeouts.SLURM_SUBMIT_S)
        return str(told["said"]).removeprefix("sbatch: ")

    def fleet(self, at: SlurmPlace) -> Fleet:
        """Ask scontrol, and srun for what it takes."""
        told = self._ask(at, {"verb": "fleet"})
        containers = "--container-image" in told["srun"]
        return Fleet(nodes_of(told["nodes"]), partitions_of(told["partitions"]), containers)

    def jobs(self, at: SlurmPlace, *, silent: list[str] | None = None) -> tuple[SlurmJob, ...]:
        """Ask the queue, the accounting and the folders; a job that was deleted is not told of any more."""
        told = self._ask(at, {"verb": "look", "jobs": at.jobs})
        if silent is not None and (why := told["unaccounted"]):
            silent.append(_plain(why))
        there = {str(one.get("folder")) for one in told["kept"]}
        return tuple(job for job in jobs_of(told) if not _is_deleted(job, at, there))

    def job(self, at: SlurmPlace, wanted: SlurmJob) -> SlurmJob:
        """Ask for one job."""
        told = self._ask(at, {"verb": "job", "jobs": at.jobs, "id": wanted.reference})
        for one in (each for job in jobs_of(told) for each in (job, *job.tasks)):
            if one.reference == wanted.reference and one.run_id == wanted.run_id:
                return with_paths(one, told["shown"])
        raise NotFoundError(f"Slurm does not know job {wanted.reference} any more")

    def tail(self, at: SlurmPlace, files: Sequence[str], lines: int) -> Mapping[str, bytes]:
        """Read the ends of files."""
        asked = {"verb": "tail", "files": list(files), "bytes": lines * _BYTES_A_LINE}
        found = self._ask(at, asked)["files"]
        return {name: _last(text.encode("latin-1"), lines) for name, text in found.items()}

    def cancel(self, at: SlurmPlace, wanted: SlurmJob) -> None:
        """End it with scancel."""
        self._ask(
            at, {"verb": "cancel", "reference": wanted.reference, "folder": "" if wanted.array_task else wanted.folder}
        )

    def delete(self, at: SlurmPlace, wanted: SlurmJob) -> bool:
        """End it, wait for its processes, and remove its folder."""
        asked = {
            "verb": "delete",
            "id": wanted.id,
            "reference": wanted.reference,
            "folder": wanted.folder,
            "timeout_s": timeouts.SLURM_END_S,
        }
        told = self._ask(at, asked, timeout_s=timeouts.SLURM_END_S + timeouts.SLURM_ASK_S)
        return bool(told["removed"] or told["ended"])

    def execute(
        self,
        at: SlurmPlace,
        wanted: SlurmJob,
        host: str,
        command: Sequence[str],
        *,
        stdin: BinaryIO | None,
        stdout: BinaryIO,
        stderr: BinaryIO,
    ) -> int:
        """Run it as a step of the job that shares what the job holds."""
        asked = {
            "user": at.user,
            "shared": at.shared,
            "id": str(wanted.id),  # srun knows no `7_3`
            "host": host,
            "rank": wanted.hosts.index(host),
            "folder": wanted.folder,
            "work_dir": wanted.work_dir,
        }
        words = beside(json.dumps(asked), tuple(command))
        return self._sessions.execute(at.controller, words, stdin=stdin, stdout=stdout, stderr=stderr)

    def _ask(
        self, at: SlurmPlace, asked: Mapping[str, Any], packed: bytes = b"", *, timeout_s: float = timeouts.SLURM_ASK_S
    ) -> Mapping[str, Any]:
        head = json.dumps({"user": at.user, **asked, "sha256": sha256(packed).hexdigest()}).encode() + b"\n"
        tries = _TRIES if asked["verb"] in _HARMLESS else 1
        told = _answer(self._ran(at.controller, head + packed, timeout_s, tries), at.controller)
        if "error" in told:
            _refuse(str(told["error"]), str(told["message"]), at)
        return told

    def _ran(self, node: Target, stdin: bytes, timeout_s: float, tries: int) -> Ran:
        """Run the program; what only looks is asked again when the session breaks."""
        for left in range(tries - 1, -1, -1):
            try:
                return self._sessions.run(node, answering(), stdin=stdin, timeout_s=timeout_s)
            except UnavailableError:
                if not left:
                    raise
        raise AssertionError  # the last try returns or raises


def _is_deleted(job: SlurmJob, at: SlurmPlace, there: AbstractSet[str]) -> bool:
    """Whether the folder of a job that has ended is gone: Slurm remembers it a while longer."""
    own = job.user == at.user and job.folder.startswith(f"{at.jobs}/")
    return own and job.state.final and job.folder not in there


def _submission(at: SlurmPlace, wish: SlurmSubmission, *, test: bool) -> dict[str, Any]:
    return {
        "verb": "submit",
        "test": test,
        "shared": at.shared,
        "jobs": at.jobs,
        "folder": wish.folder,
        "run_id": wish.run_id,
        "name": wish.name,
        "nodes": wish.nodes,
        "options": list(wish.options),
        "comment": marked(wish.run_id, wish.folder, wish.comment),
        "work_dir": wish.work_dir or at.shared,
        "login": wish.login,
        "folders": list(wish.folders),
        "archives": {f".archive-{number}": folder for number, folder in enumerate(wish.archives)},
    }


def _packed(wish: SlurmSubmission) -> bytes:
    """Return what comes along as one tar: the script, the files, and archives as they are."""
    out = io.BytesIO()
    archives = {f".archive-{number}": data for number, data in enumerate(wish.archives.values())}
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in {_SCRIPT: wish.script, **wish.files, **archives}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o600
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _answer(ran: Ran, node: Target) -> Mapping[str, Any]:
    """Return what the program said; whatever else came is what is wrong with the node."""
    try:
        told = json.loads(ran.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        told = None
    if isinstance(told, dict):
        return told
    said = (ran.stderr or ran.stdout).decode("utf-8", "replace").strip().splitlines()
    if ran.exit_code == _NO_PYTHON:
        raise NotFoundError(
            f"node `{node.instance_id}` has no `python3`, which hpctl needs there", hint="HyperPod's images have it"
        )
    raise UnavailableError(
        f"node `{node.instance_id}` gave no answer (exit code {ran.exit_code})" + (f": {said[-1]}" if said else "")
    )


def _refuse(code: str, message: str, at: SlurmPlace) -> NoReturn:
    match code:
        case "no-user":
            raise NotFoundError(message, hint="name one that is there: --user NAME")
        case "no-folder":
            raise NotFoundError(message, hint="name the folder that all nodes share: --shared-dir FOLDER")
        case "no-slurm":
            raise NotFoundError(message, hint="the lifecycle scripts of the controller install and start Slurm")
        case "name-taken":
            there = json.loads(message)
            raise NameTakenError(int(there["id"]), str(there["state"]))
        case "denied":
            raise AccessError(
                f"user `{at.user}` may not do that: {_plain(message)}", hint="as whose job it is: --user NAME"
            )
        case "silent" | "broken" | "busy":
            raise UnavailableError(f"Slurm's controller: {_plain(message)}")
        case _:
            raise RefusedError(_plain(message), aws_code="")


def _plain(said: str) -> str:
    """Return what a command of Slurm said, without its name before every line."""
    lines = (line.strip() for line in said.splitlines())
    bare = (line.split(": ", 2)[2] if line.count(": ") > 1 and " error: " in f" {line}" else line for line in lines)
    return "; ".join(line for line in bare if line)


def _last(data: bytes, lines: int) -> bytes:
    whole = data.splitlines(keepends=True)
    return b"".join(whole[-lines:])
