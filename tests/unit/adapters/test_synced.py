"""A folder that is synced: what takes part, how it travels, and that nothing new here is overwritten."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from hpctl.adapters.local.synced import Folder
from hpctl.errors import ConflictError, UsageError
from hpctl.facts.dev_sync import Entry


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    (made / "sub").mkdir(parents=True)
    (made / "a.py").write_text("a")
    (made / "sub" / "run.sh").write_text("b")
    (made / "sub" / "run.sh").chmod(0o755)
    (made / "link").symlink_to("a.py")
    (made / "outside").symlink_to("/etc/passwd")
    return made


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Folder:
    return Folder(root, {"HPCTL_STATE_HOME": str(tmp_path / "state")})


def of(text: str, *, executable: bool = False) -> Entry:
    return Entry(hashlib.sha256(text.encode()).hexdigest(), executable)


def a_tar(**files: str) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size, entry.mode = len(text), 0o644
            tar.addfile(entry, io.BytesIO(text.encode()))
    stream.seek(0)
    return stream


def test_files_and_links_that_stay_inside_take_part(folder: Folder) -> None:
    expected = {"a.py": of("a"), "sub/run.sh": of("b", executable=True), "link": Entry("-> a.py")}
    assert folder.entries() == expected


def test_what_rules_leave_out_takes_no_part_on_either_side(root: Path, folder: Folder) -> None:
    (root / ".skyignore").write_text("*.log\n/out\n")
    (root / "x.log").write_text("x")
    again = Folder(root, {})
    assert "x.log" not in again.entries()
    assert again.takes(["y.log", "sub/z.log", "out/model.bin", "src/out/kept", "b.py"]) == {"src/out/kept", "b.py"}


def test_rules_of_git_count_for_files_that_are_not_here(root: Path) -> None:
    (root / ".git").mkdir()
    (root / ".gitignore").write_text("*.bin\n")
    (root / "sub" / ".gitignore").write_text("!keep.bin\nlocal/\n")
    found = Folder(root, {}).takes(["a.bin", "sub/keep.bin", "sub/local/a.py", "local/a.py"])
    assert found == {"sub/keep.bin", "local/a.py"}


def test_a_tar_says_what_is_expected_in_the_places_of_its_files(folder: Folder) -> None:
    into = io.BytesIO()
    assert folder.pack(["a.py", "sub/run.sh", "link"], {"a.py": of("old"), "sub/run.sh": None}, into) == 2
    with tarfile.open(fileobj=io.BytesIO(into.getvalue())) as tar:
        texts = {name: tar.extractfile(name).read() for name in ("expected", "absent", "data/a.py")}  # type: ignore[union-attr]
        assert tar.getmember("data/sub/run.sh").mode == 0o755
        assert tar.getnames()[-1] == "complete"
    assert texts["expected"].decode() == f"{of('old').content}  a.py\n"
    assert (texts["absent"], texts["data/a.py"]) == (b"sub/run.sh\0", b"a")


def test_what_comes_is_laid_over_the_folder(root: Path, folder: Folder) -> None:
    moved = folder.unpack(a_tar(**{"a.py": "new", "deep/er/b": "b"}), {"a.py": of("a"), "deep/er/b": None})
    assert (moved.files, (root / "a.py").read_text(), (root / "deep" / "er" / "b").read_text()) == (2, "new", "b")
    assert (root / "sub" / "run.sh").read_text() == "b"
    assert [one.name for one in root.parent.iterdir() if one.name.startswith(".")] == []


def test_what_changed_here_meanwhile_is_left_alone(root: Path, folder: Folder) -> None:
    (root / "a.py").write_text("typed a moment ago")
    with pytest.raises(ConflictError, match=r"`a\.py` changed while it was synced"):
        folder.unpack(a_tar(**{"a.py": "new", "b": "b"}), {"a.py": of("a"), "b": None})
    assert ((root / "a.py").read_text(), (root / "b").exists()) == ("typed a moment ago", False)


def test_names_that_lead_outside_are_left_out(root: Path, folder: Folder) -> None:
    moved = folder.unpack(a_tar(**{"../evil": "x", "fine": "y"}), {"../evil": None, "fine": None})
    assert moved.left_out
    assert not (root.parent / "evil").exists()


def test_folders_that_deletions_empty_go_too(root: Path, folder: Folder) -> None:
    folder.remove(["sub/run.sh", "never.there"])
    assert not (root / "sub").exists()
    assert root.exists()


def test_what_was_the_same_is_remembered_for_this_folder_alone(root: Path, folder: Folder, tmp_path: Path) -> None:
    assert folder.base("mark") == {}
    folder.keep_base("mark", {"a": of("1", executable=True)})
    assert folder.base("mark") == {"a": of("1", executable=True)}
    assert folder.base("another") == {}
    records = list((tmp_path / "state" / "dev" / "synced").iterdir())
    assert [oct(one.stat().st_mode & 0o777) for one in records] == ["0o600"]
    records[0].write_text("{broken")
    assert folder.base("mark") == {}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        Folder(tmp_path / "nowhere", {})
