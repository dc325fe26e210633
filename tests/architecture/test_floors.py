"""The import contracts of `pyproject.toml` hold, and each of them breaks when somebody breaks it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
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


def lint_imports(source: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--config", str(CONFIG), "--no-cache", *arguments],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tree_keeps_every_contract() -> None:
    answer = lint_imports(SOURCE)
    assert f"{len(CONTRACTS)} kept, 0 broken" in answer.stdout, answer.stdout
    assert answer.returncode == 0


@pytest.mark.parametrize(("contract", "path", "line"), VIOLATIONS)
def test_a_violation_breaks_its_contract(contract: str, path: str, line: str, tmp_path: Path) -> None:
    source = tmp_path / "src"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    _append(source / path, line)
    if contract == "cycles":
        other, back = SECOND_HALF_OF_THE_CYCLE
        _append(source / other, back)
    answer = lint_imports(source, "--contract", contract)
    assert answer.returncode == 1, answer.stdout
    assert "0 kept, 1 broken" in answer.stdout or "attic" in answer.stdout, answer.stdout


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def test_every_contract_is_shown_to_bite() -> None:
    assert {contract for contract, _, _ in VIOLATIONS} == set(CONTRACTS)
