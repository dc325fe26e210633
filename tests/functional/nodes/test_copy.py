"""`hpctl node copy`: what arrives is what was sent."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from hpctl.errors import ExitCode
from tests.functional.nodes.commands import OnNodes, tree


def a_tree(root: Path) -> Path:
    """Return a folder with what people have: programs, links, strange names, nothing, and something large."""
    (root / "sub" / "empty").mkdir(parents=True)
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "sub" / "-n $(x) `y` ünï\n.txt").write_text("a\n")
    (root / "sub" / "private").write_bytes(b"\0\xff" * 10)
    (root / "sub" / "private").chmod(0o600)
    (root / ".hidden").write_text("")
    (root / "link").symlink_to("sub/private")
    (root / "large").write_bytes(bytes(range(256)) * 12_000)
    return root


def test_a_folder_comes_back_as_it_went(node: OnNodes, tmp_path: Path) -> None:
    sent, there = a_tree(tmp_path / "sent"), f"/tmp/{uuid4().hex}"
    told = node("copy", "sent", f"workers/0:{there}")
    assert told.out.startswith(f"copied `sent` to `{there}` on `")
    node("copy", f"workers/0:{there}", "back")
    assert tree(tmp_path / "back") == tree(sent)
    assert not list(tmp_path.glob(".hpctl-copy*"))
    assert node("exec", "workers/0", "--", "sh", "-c", "ls -A /tmp | grep hpctl-copy || true").out == ""


def test_what_goes_to_a_folder_gets_into_it(node: OnNodes, tmp_path: Path) -> None:
    there = f"/tmp/{uuid4().hex}"
    (tmp_path / "a.txt").write_text("new")
    node("exec", "workers/0", "--", "sh", "-c", 'mkdir "$1"; echo old > "$1/a.txt"; echo b > "$1/b.txt"', "sh", there)
    node("copy", "a.txt", f"workers/0:{there}")
    assert node("exec", "workers/0", "--", "sh", "-c", 'cat "$1"/*', "sh", there).out == "newb\n"
    node("copy", f"workers/0:{there}/b.txt", ".")
    assert (tmp_path / "b.txt").read_text() == "b\n"


def test_a_group_gets_a_copy_each_and_its_owner_is_that_of_the_folder(node: OnNodes, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    name = uuid4().hex
    told = node("copy", "a.txt", f":/fsx/ubuntu/{name}", "--group", "workers", "-o", "json").json()
    assert [(one["result"], one["files"], one["total_bytes"]) for one in told["copies"]] == [("copied", 1, 1)] * 2
    out = node("exec", "workers/1", "--", "stat", "-c", "%U %a", f"/fsx/ubuntu/{name}").out
    assert out == "ubuntu 644\n"
    node("exec", "workers/1", "--", "rm", f"/fsx/ubuntu/{name}")


def test_nothing_of_a_node_gets_outside_the_folder(node: OnNodes, tmp_path: Path) -> None:
    there = f"/tmp/{uuid4().hex}"
    script = 'mkdir "$1"; cd "$1"; ln -s /etc out; ln -s ../../x up; mkfifo pipe; echo a > a'
    node("exec", "workers/0", "--", "sh", "-c", script, "sh", there)
    told = node("copy", f"workers/0:{there}", "taken")
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["a"]
    for name in ("out", "up", "pipe"):
        assert f"left out {name}:" in told.err or f"left out ./{name}:" in told.err


def test_what_is_not_there_is_not_found(node: OnNodes) -> None:
    told = node("copy", "workers/0:/no/such", "here", ends=ExitCode.NOT_FOUND)
    assert "has no file or folder `/no/such`" in told.err
    told = node("copy", "nothing", "workers/0:/tmp", ends=ExitCode.USAGE)
    assert "error: there is no file or folder `nothing`" in told.err


def test_a_node_says_why_it_cannot_take_it(node: OnNodes, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    told = node("copy", "a", "workers/0:/no/such/place", ends=ExitCode.CHECKS_FAILED)
    assert "cannot take `/no/such/place`: there is no folder `/no/such` to copy into" in told.err
