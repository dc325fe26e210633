"""Every console block of README and docs does what it says; a block that does not is found."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.docs.console import MismatchError, Shell, console_steps, judge, matches, normal
from tests.docs.pages import Page, pages
from tests.functional.slurm.ready import require_slurm

WITH_CONSOLE = [page for page in pages() if any(fence.language == "console" for fence in page.fences)]
XDG = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


def environment(*folders: Path) -> dict[str, str]:
    """Return a newcomer's environment; `folders` may have a Python of their own, which is not the newcomer's."""
    path = os.pathsep.join([str(Path(sys.executable).parent), *map(str, folders), os.environ["PATH"]])
    return {name: value for name, value in os.environ.items() if name not in XDG} | {"PATH": path}


@pytest.mark.scorecard(64)
@pytest.mark.functional
@pytest.mark.slow
@pytest.mark.timeout(300)  # a sandbox of its own, and clusters that live in it
@pytest.mark.parametrize("page", WITH_CONSOLE, ids=str)
def test_every_console_block_of_a_page_does_what_it_says(
    page: Page, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if page.on_slurm:
        require_slurm()
    words = {word for fence in page.fences for step in console_steps(fence) for word in step.command.split()}
    needed = [request.getfixturevalue("aws_cli").parent] if "aws" in words else []
    with Shell(tmp_path, environment(*needed)) as shell:
        judge(page, shell)


def test_the_pages_for_newcomers_are_among_them() -> None:
    assert {"README.md", "docs/quickstart.md"} <= {page.name for page in WITH_CONSOLE}


def told(tmp_path: Path, *lines: str) -> str:
    """Return what is wrong with a page of one console block; empty when nothing is."""
    text = "\n".join(["# A page", "", "```console", *lines, "```", ""])
    with Shell(tmp_path, environment()) as shell:
        try:
            judge(Page("a.md", text), shell)
        except MismatchError as found:
            return str(found)
    return ""


def test_a_block_that_tells_the_truth_passes(tmp_path: Path) -> None:
    assert not told(tmp_path, "$ name=you", "$ echo hello $name", "hello you")


def test_an_output_that_differs_is_shown_with_its_place(tmp_path: Path) -> None:
    found = told(tmp_path, "$ true", "$ echo hello", "good bye")
    assert found.startswith("a.md:5: $ echo hello\n")
    assert "-good bye\n+hello" in found


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (("$ false",), "exit code 1, not 0"),
        (("$ true # exit 20",), "exit code 0, not 20"),
        (("$ echo more",), "+more"),
        (("$ true", "more"), "-more"),
        (("$ echo data; echo note >&2", "data"), "+note"),
    ],
)
def test_a_wrong_exit_code_and_a_line_too_many_or_too_few_are_found(
    tmp_path: Path, lines: tuple[str, ...], what: str
) -> None:
    assert what in told(tmp_path, *lines)


def test_an_exit_code_that_is_announced_passes(tmp_path: Path) -> None:
    assert not told(tmp_path, "$ (exit 20) # exit 20")


def test_a_command_sees_the_exit_code_of_the_one_before(tmp_path: Path) -> None:
    assert not told(tmp_path, "$ (exit 20) # exit 20", "$ echo $?", "20")


def test_a_command_goes_on_over_several_lines(tmp_path: Path) -> None:
    assert not told(tmp_path, "$ for x in 1 2; do", ">   echo $x", "> done", "1", "2")


def test_a_block_with_a_file_mark_is_written_to_that_file(tmp_path: Path) -> None:
    text = "<!-- file: a.txt -->\n```text\nhello\n```\n\n```console\n$ cat a.txt\nhello\n```\n"
    with Shell(tmp_path, environment()) as shell:
        judge(Page("a.md", text), shell)
        assert (shell.place / "a.txt").read_text() == "hello\n"


@pytest.mark.parametrize(
    ("expected", "real", "same"),
    [
        (["a", "...", "d"], ["a", "b", "c", "d"], True),
        (["a", "..."], ["a"], True),
        (["...", "d"], ["a", "b", "d"], True),
        (["a", "...", "d"], ["a", "b"], False),
        (["..."], [], True),
        (["a.c"], ["abc"], False),
    ],
)
def test_three_dots_stand_for_any_lines(expected: list[str], real: list[str], same: bool) -> None:
    assert matches(expected, real) is same


@pytest.mark.parametrize(
    ("line", "stands_for"),
    [
        ("2026-11-21T19:55:04Z creating", "<time> creating"),
        ('"created_at": "2026-11-21T19:58:04.991000Z"', '"created_at": "<time>"'),
        ("hp  InService  2m", "hp  InService  <duration>"),
        ("`hp` is gone, after 1m 03s", "`hp` is gone, after <duration>"),
        ("i-529c11e860a57a336 in subnet-29d03f2c7800ce67c", "<i id> in <subnet id>"),
        ("arn:aws:sagemaker:r:1:cluster/s2vmjajekkfq", "arn:aws:sagemaker:r:1:cluster/<cluster id>"),
        ("arn:aws:eks:r:1:cluster/hpctl-sandbox-api", "arn:aws:eks:r:1:cluster/hpctl-sandbox-api"),
        ("at http://127.0.0.1:41911 (process 24439)", "at http://127.0.0.1:<port> (process <number>)"),
        ("2 x ml.p5.48xlarge, 64 EFA interfaces", "2 x ml.p5.48xlarge, 64 EFA interfaces"),
    ],
)
def test_only_what_differs_from_run_to_run_is_replaced(line: str, stands_for: str) -> None:
    assert normal([line]) == [stands_for]
