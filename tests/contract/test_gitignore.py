"""Real git judges which files go along with a job."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpctl.adapters.local.ignoring import Selection

pytestmark = pytest.mark.contract

GIT = shutil.which("git")
MISSING = "needs git: apt-get install git"

PATHS = (
    "a.log",
    "b.py",
    "build/out.o",
    "build/keep.py",
    "docs/build/x.log",
    "docs/a.md",
    "data/raw/a.bin",
    "data/b.log",
    "x y",
    "[z]",
    "B.log",
)
WORDS = (
    "*.log",
    "build",
    "build/",
    "/build",
    "docs/build",
    "docs/**",
    "**/raw",
    "data/*",
    "data",
    "*.py",
    "*",
    "*/",
    "a*",
    "[[:alpha:]].log",
    "[![:lower:][:digit:]]*",
    "x[[:space:]]y",
    "[[]z]",
    "[z-a]",
    "[a||b]*",
)
PATTERNS = st.lists(st.builds("{}{}".format, st.sampled_from(("", "!")), st.sampled_from(WORDS)), max_size=5)


@pytest.fixture(scope="module", autouse=True)
def git_is_here() -> None:
    if GIT is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)


def git(folder: Path, *words: str) -> str:
    alone = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    author = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    done = subprocess.run(["git", *author, *words], cwd=folder, env=alone, check=True, capture_output=True, text=True)
    return done.stdout


def planted(folder: Path, rules: dict[str, list[str]]) -> None:
    for name in PATHS:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    for where, lines in rules.items():
        (folder / where).write_text("".join(f"{line}\n" for line in lines))


def taken(folder: Path) -> set[str]:
    found = (str(path) for path, _ in Selection(folder).entries() if not (folder / path).is_dir())
    return {path for path in found if not path.startswith(".git/")}


def taken_by_git(folder: Path) -> set[str]:
    listed = git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return {path for path in listed.split("\0") if path}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(top=PATTERNS, below=PATTERNS, excluded=PATTERNS)
def test_the_same_files_are_taken_as_git_would_add(top: list[str], below: list[str], excluded: list[str]) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        git(folder, "init", "-q")
        planted(folder, {".gitignore": top, "data/.gitignore": below, ".git/info/exclude": excluded})
        assert taken(folder) == taken_by_git(folder)


def test_tracked_files_go_along_although_a_pattern_names_them(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    planted(tmp_path, {".gitignore": ["*.log", "data/"]})
    git(tmp_path, "add", "-f", "a.log", "data/raw/a.bin")
    (tmp_path / "data" / "raw" / "a.bin").chmod(0o755)
    assert taken(tmp_path) == {
        ".gitignore",
        "a.log",
        "b.py",
        "build/out.o",
        "build/keep.py",
        "docs/a.md",
        "data/raw/a.bin",
        "x y",
        "[z]",
    }
    (tmp_path / "a.log").unlink()
    assert "a.log" not in taken(tmp_path)


def test_a_repository_that_names_programs_starts_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(trap))
    assert "trap.sh" in taken(tmp_path)
    assert not (tmp_path / "sprung").exists()
