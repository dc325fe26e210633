"""The manual pages: complete, without a complaint of groff's, and to the letter where something is to be typed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hpctl.cli.tree import leaves
from tests.conftest import present

FOLDER = Path("docs/reference/man")


@pytest.fixture
def groff() -> Path:
    return present(Path(shutil.which("groff") or "/usr/bin/groff"), "groff", "run `apt-get install groff-base`")


def rendered(page: Path, groff: Path) -> str:
    done = subprocess.run(
        [groff, "-man", "-Tutf8", "-P-cbou", "-rLL=200n", "-ww", page],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "GROFF_NO_SGR": "1"},
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.scorecard(63)
def test_every_page_renders_without_a_warning(repository: Path, groff: Path) -> None:
    pages = [one for one in (repository / FOLDER).glob("*.1") if not one.read_text().startswith(".so ")]
    done = subprocess.run([groff, "-man", "-Tutf8", "-ww", "-z", *pages], capture_output=True, text=True, check=True)
    assert len(pages) > 10
    assert done.stderr == ""


@pytest.mark.scorecard(63)
def test_every_command_has_a_page_by_its_name(repository: Path) -> None:
    for words, _ in leaves():
        page = repository / FOLDER / f"{'-'.join(words)}.1"
        text = page.read_text(encoding="utf-8")
        if text.startswith(".so man1/"):
            text = (repository / FOLDER / text.strip().rpartition("/")[2]).read_text(encoding="utf-8")
        assert " ".join(words).replace("-", "\\-") in text, words


def test_what_is_typed_can_be_copied(repository: Path, groff: Path) -> None:
    text = rendered(repository / FOLDER / "hpctl-cluster.1", groff)
    assert "hpctl cluster update-software" in text
    assert "--dry-run" in text
    assert "EXIT STATUS" in text


def test_a_page_that_is_spoilt_is_complained_about(tmp_path: Path, groff: Path) -> None:
    page = tmp_path / "spoilt.1"
    page.write_text(".TH X 1\n.SH NAME\nx \\- y \\*[nothing]\n.XX\n")
    with pytest.raises(AssertionError):
        rendered(page, groff)
