"""Run the console blocks of a page in one bash session, and compare what they print."""

from __future__ import annotations

import difflib
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.docs.pages import Fence, Page, Step, steps

SKIPS = "..."
"""A line of its own in a block: any lines, or none."""

VARIABLE = (
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)", "<time>"),
    (r"\b(?:\d+[hm] )?\d+[hms]\b", "<duration>"),
    (r"\b(eni|i|sg|subnet|vpc)-[0-9a-f]{17}\b", r"<\1 id>"),
    (r"\b(cluster/|Clusters/[\w-]+/)[a-z0-9]{12}\b(?!-)", r"\1<cluster id>"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
    (r"\bprocess \d+\b", "process <number>"),
)
"""What differs from run to run, and what stands for it when expected and real lines are compared."""

HOME = "/home/you"
"""What a page calls the home of its reader."""


class MismatchError(AssertionError):
    """A command does not do what its page says."""

    def __init__(self, page: Page, step: Step, what: str) -> None:
        super().__init__(f"{page}:{step.line}: $ {step.command}\n{what}")


class Shell:
    """One bash session: what a command sets or changes, the next one sees."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._own = folder / "shell"
        self.home, self.place = folder / "home", folder / "place"
        for made in (self._own, self.home, self.place):
            made.mkdir()
        self._code = 0
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self.place,
            env={**env, "HOME": str(self.home)},
            text=True,
        )

    def run(self, command: str) -> tuple[int, str]:
        """Return the exit code of a command, and what it wrote to stdout and stderr, as it came."""
        script, output = self._own / "command", self._own / "output"
        script.write_text(f"{command}\n", encoding="utf-8")
        assert self._bash.stdin
        assert self._bash.stdout
        # The command sees the exit code of the one before it, as `$?` in a shell does.
        self._bash.stdin.write(f"(exit {self._code}); . '{script}' </dev/null >'{output}' 2>&1; echo $?\n")
        self._bash.stdin.flush()
        self._code = int(self._bash.stdout.readline())
        return self._code, output.read_text(encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop every sandbox that the page left behind, and the shell."""
        for home in (self.home / ".local/state/hpctl/sandbox").glob("*"):
            self.run(f"hpctl sandbox down --delete --name '{home.name}'")
        self._bash.communicate()


def judge(page: Page, shell: Shell) -> None:
    """Run every block of a page from top to bottom; raises MismatchError at the first command that differs."""
    if page.inside_a_sandbox:
        code, output = shell.run('hpctl sandbox up --pace 0.5 && eval "$(hpctl sandbox env)"')
        assert code == 0, output
    for fence in page.fences:
        if fence.file:
            (shell.place / fence.file).write_text(fence.text, encoding="utf-8")
        for step in console_steps(fence):
            judge_step(page, step, shell)


def console_steps(fence: Fence) -> Iterator[Step]:
    """Yield the commands of a block, none for a block that is no console."""
    if fence.language == "console":
        yield from steps(fence)


def judge_step(page: Page, step: Step, shell: Shell) -> None:
    """Run one command; raises MismatchError when its exit code or its output is not the page's."""
    code, output = shell.run(step.command)
    real = normal(output.replace(str(shell.home), HOME).splitlines())
    expected = normal(step.expected)
    if code != step.code:
        raise MismatchError(page, step, f"exit code {code}, not {step.code}\n{output}")
    if not matches(expected, real):
        difference = difflib.unified_diff(expected, real, "the page", "what it prints", lineterm="", n=2)
        raise MismatchError(page, step, "\n".join(difference))


def normal(lines: Iterable[str]) -> list[str]:
    """Return the lines with what differs from run to run replaced, and without blanks at their ends."""
    found = [line.rstrip() for line in lines]
    for pattern, stands_for in VARIABLE:
        found = [re.sub(pattern, stands_for, line) for line in found]
    return found


def matches(expected: list[str], real: list[str]) -> bool:
    """Whether the real lines are the expected ones; `...` stands for any lines, or none."""
    pattern = "".join(r"(?:.*\n)*?" if line == SKIPS else f"{re.escape(line)}\n" for line in expected)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in real)) is not None
