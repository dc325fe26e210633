"""The disk fails at any write of a run: it stops before anything is done, or goes on; what was written stays whole."""

from __future__ import annotations

import errno
import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hpctl.adapters.local import journalfile
from hpctl.adapters.local.state import FileState
from hpctl.errors import StateError
from hpctl.facts.ports import Ports
from hpctl.facts.world import World
from hpctl.plan.apply import apply
from hpctl.plan.create import plan_create
from hpctl.plan.delete import plan_delete
from hpctl.plan.journal import Purpose
from hpctl.plan.update import plan_update
from hpctl.report.plan import PlanReport
from hpctl.report.progress import Progress, Remarked
from hpctl.services.lock import claimed
from hpctl.services.record import recorded
from tests.crash.disk import Disk, watched
from tests.unit.builders import a_check_report, a_cluster, a_group, a_spec, an_identity
from tests.unit.fakes import FakeAccount
from tests.unit.plan.test_plan_update import account_with

NAME = "ml-cluster"
ERRORS = [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EACCES]
MUTATIONS = {"clusters.create", "clusters.update", "clusters.add_tags", "clusters.remove_tags", "clusters.delete"}


def _live() -> FakeAccount:
    return account_with(a_spec())


def _present() -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster("InService"))
    return account


@dataclass(frozen=True)
class Run:
    """A verb: the account that it finds, and its plan."""

    purpose: Purpose
    account: Callable[[], FakeAccount]
    plan: Callable[[FakeAccount, str], PlanReport]


RUNS = {
    "create": Run(
        "create",
        FakeAccount,
        lambda account, run_id: plan_create(a_spec(), World(account.ports), run_id=run_id, checks=a_check_report()),
    ),
    "update": Run(
        "update",
        _live,
        lambda account, run_id: plan_update(
            a_spec(a_group(count=4), tags={"team": "nlp"}), World(account.ports), run_id=run_id, checks=a_check_report()
        ),
    ),
    "delete": Run(
        "delete",
        _present,
        lambda account, run_id: plan_delete(account.clusters.known[NAME], an_identity(), run_id=run_id),
    ),
}


@dataclass(frozen=True)
class Records:
    """hpctl's records in a folder."""

    home: Path

    @property
    def files(self) -> list[Path]:
        return [path for path in self.home.rglob("*") if path.is_file()]

    @property
    def journal(self) -> bytes:
        found = list(self.home.rglob("*.jsonl"))
        return found[0].read_bytes() if found else b""

    @property
    def modes(self) -> set[int]:
        return {stat.S_IMODE(path.stat().st_mode) for path in self.files}


def carried_out(run: Run, account: FakeAccount, home: Path) -> list[Progress]:
    state = FileState({"HPCTL_STATE_HOME": str(home)}, account.clock)
    ports: Ports = replace(account.ports, state=state)
    with claimed(NAME, run.purpose, an_identity(), ports, new_run_id="run-1") as claim:
        plan = run.plan(account, claim.run_id)
        return list(recorded(apply(plan, ports), plan, run.purpose, ports))


def mutations(account: FakeAccount) -> list[object]:
    return [operation for operation in account.calls.operations if operation in MUTATIONS]


def undisturbed(run: Run, home: Path) -> tuple[list[str], list[object]]:
    account = run.account()
    with watched(Disk(home)) as disk:
        carried_out(run, account, home)
    return disk.done, mutations(account)


def struck(run: Run, home: Path, disk: Disk) -> tuple[FakeAccount, StateError | None, list[Progress]]:
    """Carry the run out on a bad disk; any error but a StateError is a bug."""
    account = run.account()
    with watched(disk):
        try:
            return account, None, carried_out(run, account, home)
        except StateError as error:
            return account, error, []


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("fate", [*ERRORS, "short"], ids=lambda fate: errno.errorcode.get(fate, fate))
@pytest.mark.parametrize("verb", RUNS)
def test_a_failing_disk_stops_a_run_before_anything_is_done_or_is_a_remark(
    verb: str, fate: int | str, tmp_path: Path, *, lasts: bool
) -> None:
    run = RUNS[verb]
    done, wanted = undisturbed(run, tmp_path / "whole")
    for at, what in enumerate(done, start=1):
        home = tmp_path / f"{at}"
        account, error, steps = struck(run, home, Disk(home, at, fate, lasts=lasts))
        if error:
            assert mutations(account) == [], (at, what)
            assert "HPCTL_STATE_HOME=DIR" in (error.hint or ""), (at, what)
        else:
            assert mutations(account) == wanted, (at, what)
        _readable(Records(home))
        again = carried_out(run, account, home)
        assert [step for step in again if isinstance(step, Remarked)] == [], (at, what)
        assert all(json.loads(line) for line in Records(home).journal.splitlines())
        assert mutations(account) == wanted, (at, what, steps)


def _readable(records: Records) -> None:
    for path in records.home.rglob("*.jsonl"):
        journalfile.JournalFile(path).lines()
    assert records.modes <= {0o600}


@pytest.mark.parametrize("fate", [*ERRORS, errno.EXDEV, "short"], ids=lambda fate: errno.errorcode.get(fate, fate))
def test_a_journal_that_is_made_shorter_is_the_old_one_or_the_new_one(
    fate: int | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journalfile, "LARGE", 2000)
    monkeypatch.setattr(journalfile, "KEPT", 500)
    for at, home in _until_it_passes(tmp_path, fate):
        old = Records(home).journal
        journal = journalfile.JournalFile(home / "a.jsonl")
        try:
            with watched(Disk(home, at, fate)):
                journal.append({"line": "last"})
        except StateError:
            assert Records(home).journal in {old, old[-len(Records(home).journal) :]}
        else:
            assert journal.lines()[-1] == {"line": "last"}
        kept = [line["line"] for line in journal.lines() if line["line"] != "last"]
        assert kept == list(range(100))[-len(kept) :]
        assert len(kept) > 10
        assert Records(home).modes == {0o600}


def _until_it_passes(tmp_path: Path, fate: int | str) -> Iterator[tuple[int, Path]]:
    for at in range(1, 100):
        home = tmp_path / f"{fate}{at}"
        home.mkdir(mode=0o700)
        path = home / "a.jsonl"
        path.write_bytes(b"".join(json.dumps({"line": number, "x": "x" * 9}).encode() + b"\n" for number in range(100)))
        path.chmod(0o600)
        with watched(Disk(home)) as disk:
            journalfile.JournalFile(path).append({"line": "probe"})
        if at > len(disk.done):
            return
        path.write_bytes(b"".join(json.dumps({"line": number, "x": "x" * 9}).encode() + b"\n" for number in range(100)))
        yield at, home
