"""`--version`, every `--help` and completion load nothing heavy, and no hpctl module that needs Pydantic."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.rules import imports
from tests.architecture.source import Module, modules
from tests.unit.services.model.configs import QWEN3_8B

HEAVY = ("boto3", "botocore", "kubernetes", "moto", "questionary", "werkzeug")
FOREIGN_TO_A_MODEL = (
    "accelerate",
    "huggingface_hub",
    "numpy",
    "requests",
    "rich",
    "ruamel",
    "safetensors",
    "ssl",
    "torch",
    "transformers",
    "urllib.request",
    "hpctl.adapters.aws",
    "hpctl.cli.commands.cluster",
    "hpctl.cli.commands.job",
    "hpctl.cli.commands.sandbox",
)
"""Neither frameworks nor the network nor another command's modules: a configuration needs none of them."""


@cache
def pydantic_users() -> tuple[str, ...]:
    return tuple(module.name for module in modules() if imports(module, "pydantic"))


# Runs each command line in one interpreter and notes what was first loaded by which.
PROBE = """
import contextlib, io, json, sys
lines, heavy, answer = json.loads(sys.argv[1]), set(json.loads(sys.argv[2])), {}
from hpctl.cli.main import main
if not lines:
    from typer.main import get_command
    from hpctl.cli.app import command_tree
    def walk(command, path):
        lines.append([*path, "--help"])
        for name, child in sorted(getattr(command, "commands", {}).items()):
            walk(child, [*path, name])
    walk(get_command(command_tree()), [])
for line in lines:
    sys.argv = ["hpctl", *line]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        main()
    answer[" ".join(line)] = {"said": said.getvalue(), "loaded": sorted(heavy & set(sys.modules))}
print(json.dumps(answer), file=sys.__stdout__)
"""
Answers = dict[str, dict[str, object]]


def probe(
    lines: Sequence[Sequence[str]],
    environment: Mapping[str, str] | None = None,
    heavy: Sequence[str] = (),
) -> Answers:
    """Return per command line what it said and which heavy modules were in `sys.modules` after it."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(lines), json.dumps(heavy or (*HEAVY, *pydantic_users()))],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: Answers = json.loads(done.stdout)
    return answers


def loaded(answers: Answers) -> dict[str, object]:
    """Return only the command lines that loaded something heavy."""
    return {line: answer["loaded"] for line, answer in answers.items() if answer["loaded"]}


def test_version_loads_nothing_heavy() -> None:
    answers = probe([["--version"]])
    assert "hpctl" in str(answers["--version"]["said"])
    assert loaded(answers) == {}


def test_the_help_of_every_command_loads_nothing_heavy() -> None:
    answers = probe([])
    assert {"--help", "cluster create --help", "cluster describe --help", "sandbox up --help"} <= set(answers)
    assert [line for line, answer in answers.items() if "Usage:" not in str(answer["said"])] == []
    assert loaded(answers) == {}


def test_a_model_on_this_machine_is_judged_without_frameworks_or_network(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWEN3_8B), encoding="utf-8")
    line = ["check-model", str(tmp_path), "-t", "trn1.32xlarge", "-o", "json"]
    answers = probe([line], heavy=(*HEAVY, *FOREIGN_TO_A_MODEL))
    assert '"parameters": 8190735360' in str(answers[" ".join(line)]["said"])
    assert loaded(answers) == {}


@pytest.mark.parametrize(
    ("line", "offered"), [("hpctl cluster ", "describe"), ("hpctl check-model Qwen/Qwen3-8", "Qwen/Qwen3-8B")]
)
def test_completion_loads_nothing_heavy(line: str, offered: str) -> None:
    words = {"_HPCTL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": "2"}
    answers = probe([[]], words)
    assert offered in str(answers[""]["said"])
    assert loaded(answers) == {}


def test_a_heavy_import_is_seen_and_named_with_its_command(tmp_path: Path) -> None:
    room = tmp_path / "hpctl" / "cli"
    room.mkdir(parents=True)
    for package in (room.parent, room):
        (package / "__init__.py").touch()
    (room / "main.py").write_text("import sys\ndef main():\n    if '--version' in sys.argv:\n        import werkzeug\n")
    answers = probe([["--help"], ["--version"]], {"PYTHONPATH": str(tmp_path)})
    assert loaded(answers) == {"--version": ["werkzeug"]}


def test_modules_that_need_pydantic_are_known_by_their_imports() -> None:
    assert imports(Module("x", "x.py", "def f():\n    from pydantic import BaseModel"), "pydantic")
    assert not imports(Module("x", "x.py", "import hpctl.report.base"), "pydantic")
    assert "hpctl.report.base" in pydantic_users()
