"""The import contracts of `pyproject.toml` hold, and each of them breaks when somebody breaks it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.source import REPOSITORY, SOURCE

CONFIG = REPOSITORY / "pyproject.toml"
CONTRACTS = {row["id"]: row for row in tomllib.loads(CONFIG.read_text())["tool"]["importlinter"]["contracts"]}
VIOLATIONS = [
    ("floors", "hpctl/catalog/__init__.py", "import hpctl.spec"),
    ("floors", "hpctl/plan/__init__.py", "import hpctl.checks"),
    ("floors", "hpctl/services/__init__.py", "def f():\n    import hpctl.adapters"),
    ("floors", "hpctl/attic/__init__.py", ""),
    ("cycles", "hpctl/facts/first.py", "import hpctl.facts.second"),
    ("outside-world", "hpctl/checks/__init__.py", "def f():\n    import boto3"),
    ("outside-world", "hpctl/services/__init__.py", "from botocore.exceptions import ClientError"),
    ("outside-world", "hpctl/cli/__init__.py", "import subprocess"),
    ("judgement", "hpctl/services/__init__.py", "import typer"),
    ("judgement", "hpctl/checks/__init__.py", "from rich.table import Table"),
    ("render", "hpctl/render/__init__.py", "import hpctl.plan"),
    ("adapters", "hpctl/adapters/__init__.py", "import hpctl.report"),
    ("wiring", "hpctl/cli/commands/__init__.py", "import hpctl.adapters"),
    ("sandbox-apart", "hpctl/cli/__init__.py", "def f():\n    import hpctl.sandbox"),
    ("sandbox-rules", "hpctl/sandbox/__init__.py", "import hpctl.checks"),
]
SECOND_HALF_OF_THE_CYCLE = ("hpctl/facts/second.py", "import hpctl.facts.first")


@dataclass(frozen=True)
class Tree:
    """The tree, or a copy of it, and what import-linter has read of those of its files that did not change since."""

    source: Path
    cache: Path

    def judged(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name("lint-imports")
        return subprocess.run(
            [str(program), "--config", str(CONFIG), "--cache-dir", str(self.cache), *arguments],
            cwd=self.source,
            env={**os.environ, "PYTHONPATH": str(self.source), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(SOURCE, folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    return Tree(folder / "src", folder / "cache")


@contextmanager
def broken(path: Path, line: str) -> Iterator[None]:
    """Add a line to a file, or a file to a room, or a room to the house, for a while."""
    room, before = path.parent, path.read_text(encoding="utf-8") if path.exists() else None
    new_room = not room.exists()
    room.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    yield
    if new_room:
        shutil.rmtree(room)
    elif before is None:
        path.unlink()
    else:
        path.write_text(before, encoding="utf-8")


def test_the_tree_keeps_every_contract(tmp_path: Path) -> None:
    answer = Tree(SOURCE, tmp_path).judged()
    assert f"{len(CONTRACTS)} kept, 0 broken" in answer.stdout, answer.stdout
    assert answer.returncode == 0


@pytest.mark.parametrize(("contract", "path", "line"), VIOLATIONS)
def test_a_violation_breaks_its_contract(contract: str, path: str, line: str, copied: Tree) -> None:
    with ExitStack() as violation:
        violation.enter_context(broken(copied.source / path, line))
        if contract == "cycles":
            other, back = SECOND_HALF_OF_THE_CYCLE
            violation.enter_context(broken(copied.source / other, back))
        answer = copied.judged("--contract", contract)
    assert answer.returncode == 1, answer.stdout
    assert "0 kept, 1 broken" in answer.stdout or "attic" in answer.stdout, answer.stdout


def test_a_tree_that_is_mended_keeps_the_contracts_again(copied: Tree) -> None:
    with broken(copied.source / "hpctl/spec/__init__.py", "import hpctl.checks"):
        assert copied.judged("--contract", "floors").returncode == 1
    assert copied.judged("--contract", "floors").returncode == 0


def test_every_contract_is_shown_to_bite() -> None:
    assert {contract for contract, _, _ in VIOLATIONS} == set(CONTRACTS)
