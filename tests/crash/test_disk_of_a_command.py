"""The disk fails at any write of a whole command, or bears no writing at all: exit 0 or 6, never a bug."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.crash import points
from tests.crash.hold import holding
from tests.crash.process import Ended
from tests.crash.stories import Scene, Stage

pytestmark = pytest.mark.timeout(300)
ELSEWHERE = "to keep hpctl's records in another folder: HPCTL_STATE_HOME=DIR"


@pytest.mark.parametrize(
    ("name", "fate", "lasts"),
    [
        ("create-slurm", errno.ENOSPC, True),
        ("update", errno.EDQUOT, False),
        ("delete", errno.EROFS, True),
    ],
)
def test_it_stops_before_anything_is_done_or_goes_on(stage: Stage, name: str, fate: int, *, lasts: bool) -> None:
    told = {}
    for at, what in points.writes(stage, name):
        scene = stage.scene(name)
        with holding(stage.sandbox.proxy) as hold:
            ended = scene.run(disk={"at": at, "fate": fate, "lasts": lasts})
        told[f"{at} {what}"] = [*_wrong(ended, hold.taken), *scene.converges(hold.taken), *_modes(scene)]
    assert {where: wrong for where, wrong in told.items() if wrong} == {}


def _wrong(ended: Ended, taken: list[str]) -> Iterator[str]:
    if not ended.is_sound or ended.code not in {ExitCode.OK, ExitCode.CONFLICT}:
        yield f"first: {ended}"
    if ended.code == ExitCode.CONFLICT and (taken or ELSEWHERE not in ended.err):
        yield f"stopped after {taken}: {ended.err}"


def _modes(scene: Scene) -> Iterator[str]:
    for path in scene.state.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode != (0o700 if path.is_dir() else 0o600):
            yield f"{path} has mode {mode:o}"


def test_nothing_is_readable_by_others_whatever_the_umask(stage: Stage) -> None:
    scene = stage.scene("create-slurm")
    plan = ("cluster", "plan", *scene.words[2:-1], "--out", "plan.json")
    assert scene.run(*plan, umask=0).code == ExitCode.OK
    assert scene.run(umask=0).code == ExitCode.OK
    assert list(_modes(scene)) == []
    assert stat.S_IMODE((scene.home / "plan.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("before", [b"", b"an older plan"])
def test_a_plan_that_cannot_be_written_leaves_what_was_there(stage: Stage, before: bytes) -> None:
    scene = stage.scene("create-slurm")
    path = scene.home / "plans" / "plan.json"
    path.parent.mkdir()
    if before:
        path.write_bytes(before)
    words = ("cluster", "plan", *scene.words[2:-1], "--out", str(path))
    kept = sorted(path.parent.iterdir())
    whole = scene.start(*words, disk={"folder": str(path.parent)})
    assert whole.end().code == ExitCode.OK
    written = whole.disk
    assert any(what.startswith("replace") for what in written)
    for at, what in enumerate(written, start=1):
        for fate in (errno.ENOSPC, errno.EXDEV, errno.EIO):
            path.unlink()
            if before:
                path.write_bytes(before)
            ended = scene.run(*words, disk={"folder": str(path.parent), "at": at, "fate": fate})
            if ended.code == ExitCode.OK:
                json.loads(path.read_text())
                continue
            assert (ended.code, ended.is_sound) == (ExitCode.USAGE, True), (what, ended)
            assert f"cannot write the plan to `{path}`: {os.strerror(fate)}" in ended.err
            assert sorted(path.parent.iterdir()) == kept, what
            assert [each.read_bytes() for each in kept] == [before] * len(kept)
            path.touch()


@pytest.mark.parametrize(
    "words",
    [("cluster", "export", "a"), ("cluster", "export", "a", "-o", "json"), ("--version",), ("--help",)],
    ids=" ".join,
)
def test_output_that_cannot_be_written_is_said(stage: Stage, words: tuple[str, ...]) -> None:
    ended = stage.scene("delete").run(*words, out="/dev/full")
    assert (ended.code, ended.is_sound) == (ExitCode.USAGE, True), ended
    assert "the output cannot be written: No space left on device" in ended.err


@pytest.mark.parametrize(("words", "code"), [("no-such-cluster", ExitCode.NOT_FOUND), ("--bogus", ExitCode.USAGE)])
def test_where_no_error_can_be_written_the_exit_code_tells_it(stage: Stage, words: str, code: ExitCode) -> None:
    assert stage.scene("delete").run("cluster", "describe", words, err="/dev/full").code == code


@pytest.mark.parametrize("name", ["create-slurm", "delete"])
def test_a_home_that_is_read_only_is_said_before_anything_is_done(stage: Stage, name: str, tmp_path: Path) -> None:
    scene = stage.scene(name)
    for home in (Path("/proc/hpctl-home"), Path("/dev/null/home")):
        env = {"HOME": str(home), "XDG_CACHE_HOME": "", "HPCTL_STATE_HOME": "", "XDG_STATE_HOME": ""}
        with holding(stage.sandbox.proxy) as hold:
            ended = scene.run(env=env)
        assert (ended.code, hold.taken, ended.is_sound) == (ExitCode.CONFLICT, [], True), ended
        assert ELSEWHERE in ended.err
    assert list(scene.converges([])) == []


def test_without_a_home_records_are_kept_elsewhere_or_it_is_said(stage: Stage) -> None:
    scene = stage.scene("create-slurm")
    nowhere = dict.fromkeys(["HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HPCTL_STATE_HOME"])
    looked = scene.run("cluster", "list", env=nowhere)
    assert (looked.code, looked.is_sound) == (ExitCode.OK, True)


@pytest.mark.parametrize("name", ["create-slurm", "update", "delete"])
def test_a_journal_with_a_torn_last_line_is_gone_on_with(stage: Stage, name: str) -> None:
    scene = stage.scene(name)
    assert scene.run(disk={"at": _first_write(stage, name), "fate": "tear"}).code < 0
    (journal,) = scene.state.rglob("*.jsonl")
    assert not journal.read_bytes().endswith(b"\n")
    assert list(scene.converges([])) == []
    assert all(json.loads(line) for line in journal.read_text().splitlines())


def _first_write(stage: Stage, name: str) -> int:
    return next(at for at, what in points.writes(stage, name) if what.startswith("write "))


@pytest.mark.parametrize("rubbish", [b"nonsense\n", b"\x00\xff\n", b"[]\n", b'{"entry": 1}\n', b"\n", b'{"half\n'])
def test_rubbish_in_the_middle_of_a_journal_is_named_or_passed_over(stage: Stage, rubbish: bytes) -> None:
    scene = stage.scene("create-slurm")
    assert scene.run("cluster", *scene.story.words, "--yes", "--no-wait").code == ExitCode.OK
    (journal,) = scene.state.rglob("*.jsonl")
    old = journal.read_bytes()
    journal.write_bytes(rubbish + old)
    ended = scene.run()
    if ended.code == ExitCode.OK:
        assert rubbish == b'{"entry": 1}\n'
    else:
        assert (ended.code, ended.is_sound) == (ExitCode.CONFLICT, True), ended
        assert f"line 1 of hpctl's journal `{journal}` cannot be read" in ended.err
        assert f"mv '{journal}' '{journal}.broken'" in ended.err
        assert journal.read_bytes() == rubbish + old
        journal.rename(f"{journal}.broken")
    assert list(scene.converges()) == []
