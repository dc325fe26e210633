"""`sudo` and `uv` for images that have none: what task files call most, and a word where they end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.job.overlays import training_image
from tests.functional.job.tasks import task
from tests.functional.job.test_one_node import said, write

pytestmark = pytest.mark.usefixtures("namespaces")


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """An image in which neither can be run."""
    training_image(tmp_path / "images", "bare")
    for name in ("sudo", "uv"):
        for folder in ("usr/bin", "usr/local/bin"):
            write(tmp_path / "images" / "bare" / folder / name, "")
    return "example.com/bare:1"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("sudo id -u", "0"),
        ("sudo -E -n -- env A=1 sh -c 'echo $A'", "1"),
        ("sudo B=2 sh -c 'echo $B'", "2"),
        ("sudo -u root whoami", "root"),
        ("sudo -u nobody id", "sudo: only root is known to this stand-in"),
        ("echo 0 | xargs -n1 sudo echo", "0"),
        ("sudo -Z id", "sudo: this stand-in does not know -Z"),
        ("uv --version", "uv 0.0.0 (a stand-in: python -m venv and pip)"),
        ("uv lock", "uv: the image has no uv, and its stand-in knows venv, pip and run only, not `lock`"),
        ("uv venv --relocatable", "uv: this stand-in does not know `venv --relocatable`"),
    ],
)
def test_one_command(tmp_path: Path, bare: str, command: str, answer: str) -> None:
    assert said(tmp_path, task(f"{command}; true"), image=bare).splitlines() == [answer]


def test_an_environment_of_uv_is_pythons(tmp_path: Path, bare: str) -> None:
    text = """
        uv venv -q --seed mine && . mine/bin/activate && uv pip install -q fsspec "numpy<2"
        uv pip list | grep -c 'fsspec\\|numpy'
        deactivate; uv venv -p 3.99 && uv pip install -q --torch-backend=auto numpy
        uv run -- python -c 'import numpy; print(numpy.__version__)'
    """
    assert said(tmp_path, task(text), image=bare).splitlines() == [
        "2",
        "uv: this image has no Python 3.99: its own is taken",
        "2.1.0",
    ]


def test_the_images_own_wins(tmp_path: Path) -> None:
    write(tmp_path / "images" / "full" / "usr/local/bin/uv", "#!/bin/sh\necho own\n", 0o755)
    assert said(tmp_path, task("uv venv"), image="example.com/full:1") == "own\n"
