"""This machine's Bash as a reader; what needs it is left out where there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hpctl.adapters.local.bash import LocalBash
from hpctl.errors import UnavailableError
from hpctl.facts.script_ports import ShellFault

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: apt-get install bash")


@pytest.mark.parametrize(
    ("script", "line", "words"),
    [
        (b"#!/bin/bash\nif true; then\n  echo one\n", 4, "unexpected end of file"),
        (b"#!/bin/bash\necho one\nfi\n", 3, "syntax error near unexpected token `fi'"),
        (b'#!/bin/bash\necho "one\n', 2, "unexpected EOF while looking for matching"),
    ],
)
def test_what_bash_does_not_understand_is_told_with_its_line(script: bytes, line: int, words: str) -> None:
    (fault,) = LocalBash().faults(script)
    assert fault.line == line
    assert words in fault.message


@pytest.mark.parametrize("script", [b"", b"#!/bin/bash\necho one\n", b"cat <<END\nno end\n"])
def test_a_script_that_bash_runs_has_no_faults(script: bytes) -> None:
    assert LocalBash().faults(script) == ()


def test_nothing_of_a_script_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    assert LocalBash().faults(f"touch {mark}\n$(touch {mark})\n".encode()) == ()
    assert not mark.exists()


def test_bash_env_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "env").write_text(f"touch {mark}\n")
    monkeypatch.setenv("BASH_ENV", str(tmp_path / "env"))
    LocalBash().faults(b"echo one\n")
    assert not mark.exists()


def test_without_bash_nothing_is_said_of_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(UnavailableError, match="there is no `bash` on this machine to read scripts with"):
        LocalBash().faults(b"")


def test_a_refusal_without_a_line_is_a_fault_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bash").write_text("#!/bin/sh\nexit 2\n")
    (tmp_path / "bash").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert LocalBash().faults(b"") == (ShellFault(1, "bash cannot read it"),)
