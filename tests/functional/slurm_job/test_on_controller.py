"""The program on the controller submits once, whatever happens to it: its `sbatch` and `squeue` are stand-ins here."""

from __future__ import annotations

import ast
import getpass
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from tarfile import TarInfo
from tarfile import open as open_tar
from typing import Any

import pytest

from hpctl.adapters.slurm.program import answering
from hpctl.facts.slurm_jobs import marked

SBATCH = """\
#!/bin/bash
for word; do [[ $word == --test-only ]] && { echo would start >&2; exit 0; }; done
[[ $MISHAP == refused ]] && { echo 'sbatch: error: invalid partition specified: nope' >&2; exit 1; }
[[ $MISHAP == before ]] && kill -9 $PPID && exit 1
number=$(( $(cat "$HELD/count" 2>/dev/null || echo 0) + 1 ))
echo $number > "$HELD/count"
for word; do case $word in --comment=*) comment=${word#--comment=};; esac; done
cp "${@: -1}" "$HELD/script"
printf '%s' "$comment" > "$HELD/comment"
[[ $MISHAP == after ]] && kill -9 $PPID && exit 1
[[ $MISHAP == timeout ]] && { echo 'sbatch: error: Socket timed out on send/recv operation' >&2; exit 1; }
echo $number
"""
SQUEUE = """\
#!/bin/bash
[[ -e $HELD/comment ]] || exit 0
u=$'\\x1f'
printf '%s' "1${u}1${u}PENDING${u}me${u}dev${u}None${u}2${u}${u}1${u}N/A${u}N/A${u}${u}/${u}0${u}0${u}${u}${u}train${u}"
cat "$HELD/comment"
printf '\\x1e\\n'
"""


@dataclass
class Controller:
    """A controller node with a shared folder, and what its Slurm holds."""

    folder: Path

    @property
    def shared(self) -> Path:
        return self.folder / "fsx"

    @property
    def submitted(self) -> int:
        count = self.folder / "held" / "count"
        return int(count.read_text()) if count.exists() else 0

    def submit(self, run_id: str = "r1", *, mishap: str = "", cut: int = 0, **changes: Any) -> Any:
        """Run the program; None when it was killed."""
        job = f"{self.shared}/.hpctl/jobs/train-{run_id}"
        packed = _packed({"script": b"#!/bin/bash\necho \xff $'\\n'\n", "env": b"SECRET"})
        asked: dict[str, Any] = {
            "verb": "submit",
            "user": getpass.getuser(),
            "jobs": f"{self.shared}/.hpctl/jobs",
            "folder": job,
        }
        asked |= {"shared": str(self.shared), "run_id": run_id, "name": "train", "nodes": 2, "options": []}
        asked |= {"comment": marked(run_id, job), "work_dir": str(self.shared), "login": False, "test": False}
        asked |= {"folders": ["logs"], "archives": {}, "sha256": sha256(packed).hexdigest(), **changes}
        environment = {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}
        # The program keeps nothing of its environment but what Slurm needs: the stand-ins read theirs from a file.
        (self.folder / "mishap").write_text(f"MISHAP={mishap} HELD={self.folder}/held\n")
        done = subprocess.run(
            [sys.executable, *answering()[1:]],
            input=json.dumps(asked).encode() + b"\n" + packed[: len(packed) - cut],
            capture_output=True,
            env=environment,
            check=False,
        )
        return json.loads(done.stdout) if done.stdout else None


def _packed(held: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with open_tar(fileobj=out, mode="w") as tar:
        for name, data in held.items():
            entry = TarInfo(name)
            entry.size, entry.mode = len(data), 0o600
            tar.addfile(entry, BytesIO(data))
    return out.getvalue()


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    for name in ("bin", "held", "fsx"):
        (tmp_path / name).mkdir()
    for name, text in {"sbatch": SBATCH, "squeue": SQUEUE}.items():
        first, rest = text.split("\n", 1)
        (tmp_path / "bin" / name).write_text(f"{first}\n. {tmp_path}/mishap\n{rest}")
        (tmp_path / "bin" / name).chmod(0o755)
    return Controller(tmp_path)


def test_a_job_is_submitted_from_a_private_folder_byte_for_byte(controller: Controller) -> None:
    assert controller.submit() == {"id": 1, "said": "", "again": False}
    job = controller.shared / ".hpctl/jobs/train-r1"
    assert (controller.folder / "held" / "script").read_bytes() == b"#!/bin/bash\necho \xff $'\\n'\n"
    assert (job / "env").stat().st_mode & 0o777 == 0o600
    assert job.stat().st_mode & 0o777 == 0o700
    assert (job / "logs").is_dir()
    assert json.loads((job / "submitted").read_text())["id"] == 1


def test_asked_again_it_finds_the_job_that_is_there(controller: Controller) -> None:
    controller.submit()
    assert controller.submit() == {"id": 1, "again": True}
    assert controller.submitted == 1


@pytest.mark.parametrize("mishap", ["before", "after", "timeout"])
def test_a_submission_that_is_cut_off_is_made_once_by_the_next(controller: Controller, mishap: str) -> None:
    controller.submit(mishap=mishap)
    told = controller.submit()
    assert told["id"] == 1
    assert controller.submitted == 1


def test_an_answer_that_slurm_lost_is_looked_up(controller: Controller) -> None:
    assert controller.submit(mishap="timeout")["id"] == 1


def test_what_did_not_arrive_whole_is_never_submitted(controller: Controller) -> None:
    assert controller.submit(cut=1)["error"] == "broken"
    assert controller.submitted == 0
    assert [one.name for one in (controller.shared / ".hpctl/jobs").iterdir()] == []


def test_what_slurm_refuses_leaves_nothing(controller: Controller) -> None:
    assert controller.submit(mishap="refused")["message"] == "sbatch: error: invalid partition specified: nope"
    assert [one.name for one in (controller.shared / ".hpctl/jobs").iterdir()] == [".lock"]


def test_another_run_of_a_living_jobs_name_is_refused(controller: Controller) -> None:
    controller.submit()
    told = controller.submit("r2")
    assert (told["error"], json.loads(told["message"])) == ("name-taken", {"id": 1, "state": "PENDING"})
    assert controller.submitted == 1


def test_a_submission_removes_secrets_of_jobs_that_were_killed_and_of_no_others(controller: Controller) -> None:
    controller.submit()
    jobs = controller.shared / ".hpctl/jobs"
    records = {"train-r1": None, "killed-r0": '{"id": 7}', "handed-over-r0": None, "damaged-r0": "{"}
    for name, record in records.items():
        (jobs / name).mkdir(exist_ok=True)
        (jobs / name / "secrets").write_text("export TOKEN=hidden")
        if record:
            (jobs / name / "submitted").write_text(record)
    assert controller.submit("r2", name="other")["id"] == 2
    assert sorted(path.parent.name for path in jobs.glob("*/secrets")) == ["damaged-r0", "handed-over-r0", "train-r1"]


def test_a_dry_run_leaves_nothing(controller: Controller) -> None:
    assert controller.submit(test=True) == {"said": "would start"}
    assert controller.submitted == 0
    assert list((controller.shared / ".hpctl/jobs").iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "error"), [({"user": "nobody-there"}, "no-user"), ({"shared": "/gone"}, "no-folder")]
)
def test_what_is_missing_is_said(controller: Controller, changes: dict[str, Any], error: str) -> None:
    assert controller.submit(**changes)["error"] == error


def test_what_runs_on_nodes_is_python_of_theirs() -> None:
    program = answering()[-1]
    ast.parse(program, feature_version=(3, 8))
    for module in files("hpctl.adapters.slurm.node").iterdir():
        if module.name.endswith(".py"):
            text = module.read_text(encoding="utf-8")
            ast.parse(text, feature_version=(3, 8))
            assert "from __future__ import annotations" in text or module.name == "__init__.py"
