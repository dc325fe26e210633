"""What goes as tar and comes back, and what a machine that is not trusted cannot do by it."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from hpctl.adapters.local.packing import TarCopies
from hpctl.errors import UsageError
from hpctl.facts.copy_ports import Moved

LINK, HARD, DEVICE, FOLDER = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE


def a_tar(*entries: tuple[str, bytes, str]) -> io.BytesIO:
    """Return a tar of entries: name, type and, by type, content or where a link leads."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind, more in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = kind, 0o6755
            if kind == tarfile.REGTYPE:
                entry.size = len(more)
            else:
                entry.linkname = more
            tar.addfile(entry, io.BytesIO(more.encode()))
    stream.seek(0)
    return stream


ROOT = (".", FOLDER, "")
FILE = tarfile.REGTYPE


def taken(folder: Path, *entries: tuple[str, bytes, str], to: str = "new") -> Moved:
    return TarCopies(folder, folder).unpack(a_tar(*entries), to, "name").keep()


@pytest.mark.parametrize(
    "entry",
    [
        ("../evil", FILE, "x"),
        ("./a/../../evil", FILE, "x"),
        ("/tmp/evil", FILE, "x"),
        ("./device", DEVICE, ""),
        ("./out", LINK, "/etc/passwd"),
        ("./out", LINK, "../evil"),
        ("./out", LINK, "inside/../../evil"),
        ("./second", HARD, "../../etc/passwd"),
        ("./second", HARD, "./missing"),
    ],
)
def test_nothing_gets_outside(entry: tuple[str, bytes, str], tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    moved = taken(folder, ROOT, ("./fine", FILE, "x"), entry)
    assert len(moved.left_out) == 1
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        "here",
        "here/new",
        "here/new/fine",
    ]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        taken(tmp_path, ROOT, ("./a", LINK, "."), ("./a", FILE, "x"), ("./a/b", FILE, "evil"))
    moved = taken(tmp_path, ROOT, ("./up", LINK, "."), ("./up/evil", LINK, "x"), ("./low/link", LINK, "../up"))
    assert moved.left_out == ("up/evil: its name leads through a link",)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "new",
        "new/low",
        "new/low/link",
        "new/up",
    ]


def test_modes_and_second_names_come_along_but_not_what_runs_as_others(tmp_path: Path) -> None:
    moved = taken(tmp_path, ROOT, ("./run", FILE, "abc"), ("./again", HARD, "./run"), ("./link", LINK, "run"))
    assert moved == Moved(3, 3)
    assert (tmp_path / "new/run").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "new/run").samefile(tmp_path / "new/again")
    assert (tmp_path / "new/link").read_text() == "abc"


def test_a_file_replaces_a_file_and_goes_into_a_folder(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    (tmp_path / "folder").mkdir()
    taken(tmp_path, ("-odd", FILE, "new"), to="old")
    taken(tmp_path, (".hidden", FILE, "new"), to="folder")
    assert (tmp_path / "old").read_text() == (tmp_path / "folder/name").read_text() == "new"


def test_a_folder_joins_one_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "new/name/sub").mkdir(parents=True)
    (tmp_path / "new/name/kept").write_text("kept")
    taken(tmp_path, ROOT, ("./sub", FOLDER, ""), ("./sub/a", FILE, "a"))
    assert (tmp_path / "new/name/sub/a").read_text() == "a"
    assert (tmp_path / "new/name/kept").read_text() == "kept"


@pytest.mark.parametrize(("to", "entries"), [("file", (ROOT,)), ("folder", (("x", FILE, "x"),))])
def test_a_file_in_the_place_of_a_folder_is_left_alone(
    to: str, entries: tuple[tuple[str, bytes, str], ...], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder/name").mkdir(parents=True)
    arrived = TarCopies(tmp_path, tmp_path).unpack(a_tar(*entries), to, "name")
    with pytest.raises(UsageError, match="and what comes is"):
        arrived.keep()
    arrived.discard()
    assert (tmp_path / "file").read_text() == "kept"
    assert not list(tmp_path.rglob(".hpctl-copy*"))


@pytest.mark.parametrize("cut", [0, 100, 700])
def test_what_breaks_off_is_no_copy(cut: int, tmp_path: Path) -> None:
    whole = a_tar(("a", FILE, "x" * 600)).getvalue()
    with pytest.raises(UsageError, match="what the node sent"):
        TarCopies(tmp_path, tmp_path).unpack(io.BytesIO(whole[:cut]), "new", "name").keep()
    assert not (tmp_path / "new").exists()


def test_there_is_a_folder_to_copy_into(tmp_path: Path) -> None:
    for to in ("missing/", "missing/new"):
        with pytest.raises(UsageError, match="there is no folder"):
            taken(tmp_path, ("a", FILE, ""), to=to)


def test_what_is_packed_is_as_it_was_and_says_that_it_is_whole(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "run").write_bytes(b"x" * 9)
    (root / "run").chmod(0o4755)
    os.link(root / "run", root / "sub/again")
    (root / "link").symlink_to("/etc")
    os.mkfifo(root / "pipe")
    stream = io.BytesIO()
    moved = TarCopies(tmp_path, tmp_path).pack("root", stream)
    assert (moved.files, moved.total_bytes) == (3, 18)
    assert moved.left_out == (f"{root / 'pipe'}: neither file, folder nor link",)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as tar:
        told = {entry.name: (entry.type, oct(entry.mode), entry.uid, entry.uname) for entry in tar}
    assert list(told)[-1] == "complete"
    assert told["data/run"] == told["data/sub/again"] == (tarfile.REGTYPE, "0o755", 0, "")
    assert told["data/link"][0] == tarfile.SYMTYPE


def test_names_are_those_of_what_is_copied(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    copies = TarCopies(tmp_path, tmp_path)
    assert (copies.name_of("a"), copies.name_of("."), copies.name_of("~")) == ("a", tmp_path.name, tmp_path.name)
    with pytest.raises(UsageError, match="there is no file or folder `b`"):
        copies.name_of("b")
