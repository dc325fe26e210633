"""`hpctl dev`, as people type it: with the real OpenSSH, scp and rsync, in a pod of the sandbox."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.conftest import present
from tests.functional.cli.command import PATIENCE_S, Ended, Hpctl
from tests.functional.job.cli.conftest import Jobs

pytestmark = [
    pytest.mark.functional,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.usefixtures("namespaces"),
]

NAME = "dev"


@dataclass(frozen=True)
class Dev:
    """A development pod that runs, and the folder that it was started in."""

    hpctl: Hpctl
    folder: Path
    include: str
    first: list[str]
    """The files that the pod began with."""

    def __call__(self, *words: str, ends: int = 0) -> Ended:
        return self.hpctl("dev", *words, ends=ends)

    def inside(self, script: str, ends: int = 0) -> str:
        return self("exec", NAME, "--", "sh", "-c", script, ends=ends).out

    def openssh(self, *words: str, ends: int = 0) -> str:
        """Run one of OpenSSH's programs with a configuration that has nothing but the line that was told."""
        config = self.folder.parent / "ssh_config"
        config.write_text(f"{self.include}\n", encoding="utf-8")
        argv = [words[0], "-F", str(config), *words[1:]]
        done = subprocess.run(
            argv,
            env=self.hpctl.env,
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == ends, (argv, done)
        return done.stdout


@pytest.fixture(scope="module")
def dev(jobs: Jobs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """A pod with one GPU of the only kind that there is, whose files a claim of its own keeps."""
    for program in ("ssh", "scp", "ssh-keygen", "rsync"):
        present(Path(shutil.which(program) or program), f"`{program}`", "apt-get install openssh-client rsync")
    present(Path("/usr/sbin/sshd"), "`sshd`", "apt-get install openssh-server")
    folder = tmp_path_factory.mktemp("dev") / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "train.py").write_text("print('first')\n")
    (folder / "notes.txt").write_text("mine\n")
    (folder / "secret.log").write_text("stays here\n")
    (folder / ".skyignore").write_text("*.log\n")
    hpctl = Hpctl(jobs.hpctl.env, folder)
    told = hpctl("dev", "up", NAME, "--gpus", "1", "--storage", "5", "-o", "json").json()
    assert (told["result"], told["pod"]["accelerators"], told["pod"]["claim"]) == ("created", "H100:1", "dev-workdir")
    listed = hpctl("dev", "exec", NAME, "--", "find", ".", "-type", "f", "!", "-name", ".hpctl*").out
    yield Dev(hpctl, folder, told["include"], sorted(listed.split()))
    hpctl("dev", "down", NAME, "--yes")


def test_a_new_pod_has_the_folder_but_for_what_is_ignored(dev: Dev) -> None:
    assert dev.first == ["./.skyignore", "./notes.txt", "./src/train.py"]


def test_the_same_command_again_changes_nothing_and_another_wish_is_refused(dev: Dev) -> None:
    assert dev("up", NAME, "--gpus", "1", "-o", "json").json()["result"] == "running"
    refused = dev("up", NAME, "--gpus", "H100:2", ends=ExitCode.CONFLICT)
    assert "`--accelerators` is `H100:1`, not `H100:2`" in refused.err
    assert "hpctl dev stop dev --cluster demo-eks" in refused.err


def test_a_name_that_is_taken_is_refused(dev: Dev) -> None:
    elsewhere = Hpctl({**dev.hpctl.env, "LOGNAME": "somebody"}, dev.folder)
    assert "development pod `dev` in namespace `default`" in elsewhere("dev", "up", NAME, ends=ExitCode.CONFLICT).err


def test_a_command_has_its_streams_and_its_exit_code(dev: Dev) -> None:
    ended = dev.hpctl("dev", "exec", NAME, "--", "sh", "-c", "pwd; cat; exit 7", ends=7, stdin="typed\n")
    assert ended.out == "/workdir\ntyped\n"
    assert "hint: hpctl dev exec dev --cluster demo-eks -- COMMAND" in dev("exec", NAME, ends=ExitCode.UNCONFIRMED).err


def test_ssh_finds_the_pod_by_its_name(dev: Dev) -> None:
    assert dev.openssh("ssh", NAME, "pwd; hostname; exit 3", ends=3) == "/workdir\ndev-0\n"
    assert dev("ssh", NAME, "--", "echo", "entered").out == "entered\n"


def test_a_pod_whose_key_another_host_shows_is_not_entered(dev: Dev) -> None:
    dev.inside("rm -f /run/job/ssh/host_key*; pkill -f '[s]shd.*46522'")
    (config,) = Path(dev.include.partition(" ")[2].strip('"')).parent.glob("dev.*.conf")
    before = config.with_suffix(".known_hosts").read_text()
    assert dev.openssh("ssh", NAME, "echo in") == "in\n"
    assert config.with_suffix(".known_hosts").read_text() != before
    stranger = config.read_text().replace("UserKnownHostsFile", "UserKnownHostsFile /dev/null\n#")
    aside = dev.folder.parent / "strange"
    aside.write_text(stranger)
    done = subprocess.run(["ssh", "-F", aside, NAME, "true"], env=dev.hpctl.env, capture_output=True, check=False)
    assert b"Host key verification failed" in done.stderr


def test_files_travel_by_scp_and_rsync_to_the_byte(dev: Dev) -> None:
    content = os.urandom(1_500_000)
    big = dev.folder.parent / "big.bin"
    big.write_bytes(content)
    dev.openssh("scp", str(big), f"{NAME}:/tmp/by-scp")
    config = dev.folder.parent / "ssh_config"
    argv = ["rsync", "-e", f"ssh -F {config}", str(big), f"{NAME}:/tmp/by-rsync"]
    subprocess.run(argv, env=dev.hpctl.env, check=True, timeout=PATIENCE_S)
    expected = hashlib.sha256(content).hexdigest()
    assert [line.split()[0] for line in dev.inside("sha256sum /tmp/by-*").splitlines()] == [expected] * 2


def test_files_are_synced_both_ways_and_conflicts_are_left_alone(dev: Dev) -> None:
    here = dev.folder / "both"
    here.mkdir()
    for name in ("notes.txt", "old.py"):
        (here / name).write_text("mine\n")
    assert {"both/notes.txt", "both/old.py"} <= set(dev("sync", NAME, "-o", "json").json()["sent"])
    dev.inside("cd both; echo theirs >> notes.txt; echo 1 > 'loss of 1.csv'; echo x > x.log; rm old.py")
    (here / "notes.txt").write_text("mine, changed\n")
    (here / "new.sh").write_text("echo new\n")
    (here / "new.sh").chmod(0o755)
    told = dev("sync", NAME, "-o", "json", ends=ExitCode.CONFLICT).json()
    assert (told["sent"], told["fetched"]) == (["both/new.sh"], ["both/loss of 1.csv"])
    assert (told["conflicts"], told["deleted_there"]) == (["both/notes.txt"], ["both/old.py"])
    assert ((here / "loss of 1.csv").read_text(), (here / "old.py").exists()) == ("1\n", True)
    assert dev.inside("cd both; ./new.sh; cat notes.txt") == "new\nmine\ntheirs\n"
    told = dev("sync", NAME, "--prefer", "pod", "--delete", "-o", "json").json()
    assert (told["fetched"], told["removed"]) == (["both/notes.txt"], ["both/old.py"])
    assert (here / "notes.txt").read_text() == "mine\ntheirs\n"
    assert sorted(one.name for one in here.iterdir()) == ["loss of 1.csv", "new.sh", "notes.txt"]
    assert dev("sync", NAME, "-o", "name").out == ""


def test_a_pod_stops_by_hand_or_by_itself_and_comes_back_with_its_files(dev: Dev) -> None:
    dev.inside("echo kept > kept.txt")
    assert dev("stop", NAME, "-o", "json").json()["result"] == "stopped"
    assert dev("stop", NAME, "-o", "json").json()["result"] == "unchanged"
    assert "hpctl dev up dev --cluster demo-eks" in dev("exec", NAME, "--", "true", ends=ExitCode.CONFLICT).err
    assert dev("up", NAME, "--idle-stop", "4s", "--no-wait", "-o", "json").json()["result"] == "resumed"
    deadline = time.monotonic() + PATIENCE_S
    while (row := dev("list", "-o", "json").json()["pods"][0])["state"] != "Stopped" and time.monotonic() < deadline:
        time.sleep(2)
    assert (row["name"], row["state"], row["reason"], row["node"]) == (NAME, "Stopped", "idle", None)
    assert dev("up", NAME, "--idle-stop", "2h", "-o", "json").json()["result"] == "resumed"
    assert dev.inside("cat kept.txt") == "kept\n"


def test_a_pod_that_is_not_there_is_not_found_and_nobody_to_ask_is_no_consent(dev: Dev) -> None:
    assert "there is no development pod `no`" in dev("ssh", "no", ends=ExitCode.NOT_FOUND).err
    assert "there are `dev`" in dev("down", "no", "--yes", ends=ExitCode.NOT_FOUND).err
    assert "add --yes" in dev("down", NAME, ends=ExitCode.UNCONFIRMED).err


def test_what_cannot_be_leaves_nothing_behind(dev: Dev, jobs: Jobs) -> None:
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, "--kind", "Job", "--", "true")
    assert f"there is a job `{name}`" in dev("up", name, "--no-sync", ends=ExitCode.CONFLICT).err
    dev("up", "large", "--gpus", "H100:16", "--storage", "1", "--no-sync", ends=ExitCode.CHECKS_FAILED)
    assert dev("list", "-o", "name").out.split() == [NAME]
