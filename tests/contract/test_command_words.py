"""The words of a command reach its program exactly, through the bash that runs a job's script."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hpctl.spec.job import JobSpec
from hpctl.spec.job_load import command_job

pytestmark = pytest.mark.contract

words = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12), max_size=5)


@settings(max_examples=60, deadline=None)
@given(words)
@example(["$(id)", "`id`", "a b", "'", '"', "\\", "\n", "*", "~", "", "-n", "%s", "\r\t", "é 日本"])
def test_every_word_reaches_the_program_as_it_is(arguments: list[str]) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    wish = command_job(["printf", "%s\\0", "", *arguments]).wish
    assert isinstance(wish, JobSpec)
    done = subprocess.run([bash, "-c", wish.run or ""], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    assert done.stdout.decode().split("\0")[1:-1] == arguments
