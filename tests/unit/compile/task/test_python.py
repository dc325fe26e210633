"""The agent runs in users' images: Python 3.7 with nothing but its standard library."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from hpctl.compile.task import agent

OLDEST = (3, 7)
FILES = sorted(Path(agent.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_old_python_can_read_it(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=OLDEST)
    names = [(node.module or "", node.level) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [(alias.name, 0) for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert {name.split(".")[0] for name, level in names if level == 0} <= sys.stdlib_module_names
    assert {name for name, level in names if level} <= {path.stem for path in FILES}


def test_something_newer_is_seen() -> None:
    with pytest.raises(SyntaxError):
        ast.parse("if (x := 1): pass", feature_version=OLDEST)
