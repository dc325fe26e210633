"""hpctl's records meet a bad disk: nothing is begun that they would not show, nothing begun is lost."""

from __future__ import annotations

import json
import os
import resource
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import EXECUTABLE, PATIENCE_S, Hpctl
from tests.functional.cli.proxy import Proxy

ELSEWHERE = "to keep hpctl's records in another folder: HPCTL_STATE_HOME=DIR"


@pytest.fixture
def create(name: str, tmp_path: Path) -> tuple[str, ...]:
    """The words that create a small cluster."""
    return ("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes")


@pytest.fixture
def own(watched: Hpctl, tmp_path: Path) -> Hpctl:
    """The command with records of its own."""
    return watched.with_env(HPCTL_STATE_HOME=str(tmp_path / "records"))


def limited(hpctl: Hpctl, words: tuple[str, ...], before: Callable[[], object]) -> subprocess.CompletedProcess[str]:
    """Run in a process that `before` has limited."""
    return subprocess.run(
        [EXECUTABLE, *words],
        env=hpctl.env,
        cwd=hpctl.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
        preexec_fn=before,
    )


def size_of_files(limit: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def test_a_disk_that_is_full_from_the_start_stops_before_anything_is_done(
    own: Hpctl, proxy: Proxy, create: tuple[str, ...]
) -> None:
    done = limited(own, create, size_of_files(0))
    assert done.returncode == ExitCode.CONFLICT
    assert "error: hpctl's records cannot be kept in `" in done.stderr
    assert "File too large" in done.stderr
    assert ELSEWHERE in done.stderr
    assert "Traceback" not in done.stderr
    assert proxy.mutations == []


def test_a_disk_that_fills_up_after_the_call_is_a_note_and_the_command_goes_on(
    own: Hpctl, proxy: Proxy, account: Account, name: str, create: tuple[str, ...], tmp_path: Path
) -> None:
    done = limited(own, create, size_of_files(450))
    assert done.returncode == ExitCode.OK, done.stderr
    assert "what was done cannot be written down; the tags in the account tell it all the same" in done.stderr
    assert account.statuses()[name] == "InService"
    (journal,) = (tmp_path / "records" / "clusters").glob("*.jsonl")
    entries = [json.loads(line)["entry"] for line in journal.read_text().splitlines()]
    assert entries[0] == "intent"
    assert "effect" not in entries
    again = own(*create, "-o", "json").json()
    assert again["result"] == "unchanged"
    assert proxy.calls.count("sagemaker:CreateCluster") == 1


def _mounts() -> bool:
    tool = shutil.which("unshare")
    return bool(tool and os.geteuid() == 0 and subprocess.run([tool, "-m", "true"], check=False).returncode == 0)


@pytest.mark.skipif(not _mounts(), reason="only root mounts file systems")
@pytest.mark.parametrize(
    ("mount", "says"),
    [
        ("mount -t tmpfs -o ro none", "Read-only file system"),
        ("mount -t tmpfs -o nr_inodes=3 none", "No space left on device"),
    ],
)
def test_a_home_that_takes_no_files_stops_before_anything_is_done(
    mount: str, says: str, own: Hpctl, proxy: Proxy, create: tuple[str, ...], tmp_path: Path
) -> None:
    home = tmp_path / "records"
    home.mkdir()
    script = f'{mount} "{home}" && exec "$@"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", EXECUTABLE, *create],
        env=own.env,
        cwd=own.folder,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == ExitCode.CONFLICT, done.stderr
    assert says in done.stderr
    assert ELSEWHERE in done.stderr
    assert proxy.mutations == []


@pytest.mark.parametrize("verb", ["create", "delete"])
def test_a_file_where_the_folder_should_be_stops_before_anything_is_done(
    verb: str, own: Hpctl, proxy: Proxy, account: Account, name: str, create: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "records").touch()
    if verb == "delete":
        account.create(name, NodeProvisioningMode="Continuous")
    words = create if verb == "create" else ("cluster", "delete", name, "--yes")
    told = own(*words, "-o", "json", ends=ExitCode.CONFLICT).error()
    assert told["code"] == "state"
    assert told["hint"] == f"a file stands where a folder should be: move it away\n{ELSEWHERE}"
    assert proxy.mutations == []


def test_reading_needs_no_records(own: Hpctl, cpu_cluster: str, create: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "records").touch()
    own("cluster", "describe", cpu_cluster)
    own(*create, "--dry-run")


def test_a_broken_journal_is_said_and_nothing_is_lost_without_it(
    own: Hpctl, proxy: Proxy, create: tuple[str, ...], tmp_path: Path
) -> None:
    own(*create, "--timeout", "0.1s", ends=ExitCode.TIMEOUT)
    (journal,) = (tmp_path / "records" / "clusters").glob("*.jsonl")
    journal.write_text("nonsense\n" + journal.read_text())
    told = own(*create, ends=ExitCode.CONFLICT)
    assert f"line 1 of hpctl's journal `{journal}` cannot be read" in told.err
    assert f"mv '{journal}' '{journal}.broken'" in told.err
    journal.rename(f"{journal}.broken")
    own(*create)
    assert proxy.calls.count("sagemaker:CreateCluster") == 1


def test_records_are_private_whatever_the_umask(own: Hpctl, create: tuple[str, ...], tmp_path: Path) -> None:
    done = limited(own, (*create, "--no-wait"), lambda: os.umask(0))
    assert done.returncode == ExitCode.OK, done.stderr
    records = tmp_path / "records"
    modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in (records, *records.rglob("*"))}
    assert modes == {"": 0o700, ".jsonl": 0o600, ".lock": 0o600}


@pytest.mark.scorecard(55)
def test_no_secret_and_no_request_is_written(own: Hpctl, create: tuple[str, ...], tmp_path: Path) -> None:
    secret = own.with_env(AWS_ACCESS_KEY_ID="AKIAPLANTED000000000", AWS_SECRET_ACCESS_KEY="planted-secret")
    secret(*create)
    written = "".join(path.read_text() for path in (tmp_path / "records").rglob("*") if path.is_file())
    assert [json.loads(line)["entry"] for line in written.splitlines()] == ["intent", "effect", "done"]
    assert not [word for word in ("AKIA", "planted", "s3://", "InstanceGroups") if word in written]
