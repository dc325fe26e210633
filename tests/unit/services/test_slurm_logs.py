"""Following the logs of a job on Slurm: sessions one after the other, and the job's state beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hpctl import timeouts
from hpctl.errors import AccessError, HpctlError, UnavailableError, UsageError
from hpctl.facts.slurm_jobs import SlurmJob
from hpctl.facts.slurm_log_ports import AllRead, Beginning, FileBegun, FileBytes, FileMark, FileTrouble
from hpctl.report.logs import LogGap, LogLines, LogNote, LogStep
from hpctl.services.job.log_tape import LogWish
from hpctl.services.slurm_job.logs import follow_logs
from tests.unit.fake_slurm_logs import Act, FakeLogFeed
from tests.unit.fakes import FakeAccount
from tests.unit.services.slurm_jobs import AT, FOLDER, a_job

RANK0 = f"{FOLDER}/logs/rank-0.log"
RANK1 = f"{FOLDER}/logs/rank-1.log"
OWN = {"stdout": f"{FOLDER}/logs/batch.log", "stderr": f"{FOLDER}/logs/batch.log"}
DROP = UnavailableError("the session broke")
FOLLOW = LogWish(follow=True)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLURM_LOG_LOOK_S", "LOG_AGAIN_S", "LOG_AGAIN_CAP_S"):
        monkeypatch.setattr(timeouts, name, 0.002)


def begun(path: str = RANK0, why: Beginning = Beginning.FOUND, offset: int = 0) -> FileBegun:
    return FileBegun(path, 1, offset, why)


def printed(offset: int, data: bytes, path: str = RANK0) -> FileBytes:
    return FileBytes(path, offset, data, 5)


class Story:
    """A job, and the sessions that tell of its files."""

    def __init__(self, job: SlurmJob, *feeds: FakeLogFeed) -> None:
        self.account = FakeAccount()
        self.job = job
        self.account.slurm_jobs.known = [job]
        self.account.slurm_logs.feeds = list(feeds)

    def becomes(self, **changes: object) -> Callable[[], None]:
        def act() -> None:
            self.account.slurm_jobs.known = [replace(self.account.slurm_jobs.known[0], **changes)]  # type: ignore[arg-type]

        return act

    def told(self, wish: LogWish = FOLLOW) -> list[LogStep]:
        return list(follow_logs(self.job, AT.place, self.account.ports, wish))


def ended(*acts: Act, after: tuple[Act, ...] = ()) -> FakeLogFeed:
    return FakeLogFeed(acts, after)


def text(steps: list[LogStep], label: str = "rank 0") -> bytes:
    return b"".join(
        b"\n".join(step.lines) + (b"" if step.open_end else b"\n")
        for step in steps
        if isinstance(step, LogLines) and step.source.label == label
    )


def notes(steps: list[LogStep]) -> list[str]:
    return [step.message for step in steps if isinstance(step, LogNote)]


def test_a_follow_ends_with_the_job_and_after_its_last_byte() -> None:
    feed = ended(begun(), printed(0, b"one\ntw"))
    story = Story(a_job(**OWN), feed)
    feed.acts = (*feed.acts, AllRead(), story.becomes(word="COMPLETED"))
    feed.after = (printed(6, b"o\nthree"), AllRead())
    steps = story.told()
    assert text(steps) == b"one\ntwo\nthree"
    assert [step.open_end for step in steps if isinstance(step, LogLines)] == [False, False, True]


def test_after_a_drop_the_next_session_goes_on_at_the_very_byte() -> None:
    story = Story(a_job(**OWN, word="COMPLETED"))
    story.account.slurm_logs.feeds = [
        ended(begun(), printed(0, b"one\ntw"), DROP),
        ended(DROP),
        ended(printed(6, b"o\n"), begun(RANK1), printed(0, b"x\n", RANK1), DROP),
        ended(AllRead()),
    ]
    steps = story.told(LogWish())
    assert text(steps) == b"one\ntwo\n"
    assert text(steps, "rank 1") == b"x\n"
    marks = [dict(asked.marks) for asked in story.account.slurm_logs.asked]
    assert marks[1] == marks[2] == {RANK0: FileMark(1, 6, b"one\ntw")}
    assert marks[3] == {RANK0: FileMark(1, 8, b"one\ntwo\n"), RANK1: FileMark(1, 2, b"x\n")}
    assert not [step for step in steps if isinstance(step, LogGap)]


def test_the_last_lines_are_asked_for_until_all_was_read_once() -> None:
    feeds = [ended(DROP), ended(begun(offset=4), AllRead(), printed(4, b"5\n"), DROP), ended(AllRead())]
    story = Story(a_job(**OWN, word="COMPLETED"), *feeds)
    assert text(story.told(LogWish(tail=1))) == b"5\n"
    assert [asked.tail for asked in story.account.slurm_logs.asked] == [1, 1, None]


def test_a_node_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(a_job(**OWN), *(ended(DROP) for _ in range(timeouts.LOG_SILENT)))
    with pytest.raises(UnavailableError, match="the session broke"):
        story.told(LogWish())
    monkeypatch.setattr(timeouts, "FOLLOW_MISSED", 9)
    story = Story(a_job(**OWN), *(ended(DROP) for _ in range(9)))
    with pytest.raises(UnavailableError, match="the session broke"):
        story.told()


@pytest.mark.parametrize("error", [AccessError("no"), UnavailableError("silent")])
def test_who_cannot_look_at_the_job_any_more_says_so(error: HpctlError, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "FOLLOW_MISSED", 3)
    story = Story(a_job(**OWN), ended(begun(), printed(0, b"one\n"), after=(AllRead(),)))
    story.account.slurm_jobs.silent = error
    with pytest.raises(type(error)):
        story.told()


def test_a_job_that_slurm_has_forgotten_is_read_to_its_end() -> None:
    feed = ended(begun(), after=(printed(0, b"one\n"),))
    story = Story(a_job(**OWN), feed)
    feed.acts = (*feed.acts, story.account.slurm_jobs.known.clear)
    assert text(story.told()) == b"one\n"


def test_a_failure_that_is_requeued_is_followed_on() -> None:
    feed = ended(begun(), printed(0, b"one\n"))
    story = Story(a_job(**OWN), feed)
    looks = iter(("FAILED", "REQUEUED", "RUNNING", "COMPLETED"))
    real = story.account.slurm_jobs.job

    def job(at: object, wanted: SlurmJob) -> SlurmJob:
        word = next(looks)
        story.account.slurm_jobs.known = [replace(story.job, word=word, restarts=word != "FAILED")]
        return real(AT.place, wanted)

    story.account.slurm_jobs.job = job  # type: ignore[method-assign]
    feed.after = (printed(4, b"two\n"),)
    assert text(story.told()) == b"one\ntwo\n"
    assert not list(looks)


def test_a_requeue_is_told_and_what_it_emptied_is_marked() -> None:
    feed = ended(begun(), printed(0, b"one\nhal"))
    story = Story(a_job(**OWN), feed)
    again = (begun(why=Beginning.TRUNCATED), printed(0, b"anew\n"))
    feed.acts = (*feed.acts, story.becomes(word="COMPLETED", restarts=1))
    feed.after = again
    steps = story.told()
    assert "job 7 was put into the queue again by Slurm (1x)" in notes(steps)
    kinds = [step if isinstance(step, LogGap) else step.lines for step in steps if not isinstance(step, LogNote)]
    assert kinds[0] == [b"one"]
    assert kinds[1] == [b"hal"]
    assert "was emptied" in kinds[2].reason  # type: ignore[union-attr]
    assert kinds[3] == [b"anew"]


def test_a_requeue_that_is_seen_with_the_end_is_told_all_the_same() -> None:
    feed = ended(begun(), printed(0, b"one\n"))
    story = Story(a_job(**OWN), feed)
    feed.acts = (*feed.acts, story.becomes(word="COMPLETED", restarts=1))
    assert notes(story.told()) == ["job 7 was put into the queue again by Slurm (1x)"]


def test_who_waits_for_nodes_is_told_why_and_each_reason_once() -> None:
    feed = ended(begun(), printed(0, b"one\n"))
    story = Story(a_job(**OWN, word="PENDING", hosts=(), reason="Resources"), feed)
    steps = follow_logs(story.job, AT.place, story.account.ports, FOLLOW)
    first = next(steps)
    story.becomes(reason="Priority")()
    second = next(steps)
    story.becomes(word="COMPLETED", reason="")()
    rest = list(steps)
    assert notes([first, second, *rest]) == [
        "job 7 does not run yet: it waits until enough nodes are free (Resources)",
        "job 7 does not run yet: jobs of higher priority are before it in its partition (Priority)",
    ]
    assert text(rest) == b"one\n"


def test_files_of_hosts_are_looked_for_anew_when_a_requeue_has_others() -> None:
    old, new = "/fsx/out-ip-10-1-0-1.log", "/fsx/out-ip-10-1-0-9.log"
    job = a_job(comment="", stdout="/fsx/out-%N.log", nodes=1, hosts=("ip-10-1-0-1",))
    first, second = ended(begun(old), printed(0, b"one\n", old)), ended(begun(new), printed(0, b"two\n", new))
    story = Story(job, first, second)
    first.acts = (*first.acts, story.becomes(restarts=1, hosts=("ip-10-1-0-9",)))
    second.acts = (*second.acts, story.becomes(word="COMPLETED"))
    steps = story.told(LogWish(follow=True, ranks=frozenset({0})))
    assert text(steps) == b"one\ntwo\n"
    assert [asked.patterns[0].name for asked in story.account.slurm_logs.asked] == [
        r"out\-(?P<who>ip\-10\-1\-0\-1)\.log",
        r"out\-(?P<who>ip\-10\-1\-0\-9)\.log",
    ]


def test_a_file_that_cannot_be_read_is_said() -> None:
    story = Story(a_job(**OWN, word="COMPLETED"), ended(FileTrouble(RANK0, "Permission denied"), AllRead()))
    assert notes(story.told(LogWish()))[0] == f"`{RANK0}` cannot be read now, trying on: Permission denied"


def test_a_job_without_output_says_where_it_was_looked_for() -> None:
    story = Story(a_job(**OWN, word="COMPLETED"), ended(AllRead()))
    there = (
        f"there is no output of job 7 that can be read on the controller node; it is not in `{FOLDER}/logs/batch.log`"
    )
    assert notes(story.told(LogWish())) == [f"{there}; a file that is not shared stays on its node, ip-10-1-0-1"]


def test_a_script_of_ones_own_is_looked_through_for_files_of_its_steps() -> None:
    story = Story(a_job(stdout="/fsx/a.out", word="COMPLETED", work_dir="/fsx/w"), ended(AllRead()))
    story.account.slurm_jobs.files = {f"{FOLDER}/script": b"#!/bin/bash\nsrun -o r-%t.out ./x\n"}
    story.told(LogWish())
    patterns = [(one.folder, one.name) for one in story.account.slurm_logs.asked[0].patterns]
    assert ("/fsx/w", r"r\-(?P<who>\d+)\.out") in patterns


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (LogWish(ranks=frozenset({2})), "job `train` has no rank 2"),
        (LogWish(since=datetime(2026, 1, 1, tzinfo=UTC)), "`--since` does not go with jobs on Slurm"),
        (LogWish(previous=True), "`--previous` does not go with jobs on Slurm"),
        (LogWish(containers=frozenset({"x"})), "`--container` does not go with jobs on Slurm"),
    ],
)
def test_what_files_cannot_tell_is_refused(wish: LogWish, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Story(a_job(**OWN)).told(wish)


def test_ranks_that_share_a_file_cannot_be_told_apart() -> None:
    with pytest.raises(UsageError, match=r"print into `/fsx/slurm-7\.out`, and cannot be told apart") as caught:
        Story(a_job(comment="", stdout="/fsx/slurm-7.out")).told(LogWish(ranks=frozenset({0})))
    assert "--output=NAME-%t.log" in str(caught.value.hint)
