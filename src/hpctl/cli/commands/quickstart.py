"""`hpctl quickstart`: the whole story in the sandbox, told by the very commands a user types."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.sandbox.slurm import slurm_missing
from hpctl.errors import ExitCode, HpctlError
from hpctl.render.terminal import Terminal, write

SANDBOX = "quickstart"
EXAMPLES = ("eks.yaml", "slurm.yaml", "broken.yaml", "train.yaml", "train.py")


@dataclass(frozen=True)
class Step:
    """One command of the story: what is said before it, its words, and the exit code it must end with.

    `on_slurm` says that it needs a real Slurm on this machine.
    """

    say: str
    words: tuple[str, ...]
    code: ExitCode = ExitCode.OK
    on_slurm: bool = False


STORY: tuple[Step, ...] = (
    Step(
        "A spec with two classical mistakes is judged before anything is created (exit code 20)",
        ("cluster", "check", "-f", "broken.yaml"),
        ExitCode.CHECKS_FAILED,
    ),
    Step("A sound spec for Amazon EKS: this is what would happen", ("cluster", "plan", "-f", "eks.yaml")),
    Step("Create it, and follow it until its nodes are in service", ("cluster", "create", "-f", "eks.yaml", "--yes")),
    Step("Look at it", ("cluster", "describe", "demo-eks")),
    Step("A job for both of its nodes: this is what would be created", ("job", "submit", "train.yaml", "--dry-run")),
    Step("Train a tiny model on both, and follow what they print", ("job", "submit", "train.yaml", "--follow")),
    Step(
        "The same with damaged data: one of the two fails (exit code 100)",
        ("job", "submit", "train.yaml", "--name", "tiny-broken", "--env", "BROKEN_SHARD=1", "--wait"),
        ExitCode.JOB_FAILED,
    ),
    Step("Which rank failed first, and what it said", ("job", "describe", "tiny-broken")),
    Step("Both jobs", ("job", "list")),
    Step("A cluster on Slurm", ("cluster", "create", "-f", "slurm.yaml", "--yes")),
    Step("Its nodes", ("node", "list", "--cluster", "demo-slurm")),
    Step("What happened, as AWS tells it", ("cluster", "events", "demo-slurm")),
    Step("What Slurm says of them", ("slurm", "status", "--cluster", "demo-slurm"), on_slurm=True),
    Step(
        "The same job there, on Trainium: compiled to an sbatch script, submitted and followed over Session Manager",
        ("job", "submit", "train.yaml", "--cluster", "demo-slurm", "--accelerators", "Trainium:16", "--follow"),
        on_slurm=True,
    ),
    Step("How it went", ("job", "describe", "tiny", "--cluster", "demo-slurm"), on_slurm=True),
    Step("Both, as JSON for a script", ("cluster", "list", "-o", "json", "--query", "clusters[].[name, status]")),
    Step("Delete one", ("cluster", "delete", "demo-eks", "--yes")),
    Step("Delete the other", ("cluster", "delete", "demo-slurm", "--yes")),
    Step("Nothing is left", ("cluster", "list")),
)


def quickstart(
    pace: Annotated[
        float, typer.Option("--pace", metavar="SECONDS", min=0.1, help="How long a cluster takes to be created.")
    ] = 6.0,
) -> None:
    """Show the whole story in the sandbox, without AWS."""
    with tempfile.TemporaryDirectory(prefix="hpctl-quickstart-") as folder:
        _write_examples(Path(folder))
        try:
            _tell(Path(folder), pace)
        finally:
            _run(Step("Take the sandbox down", ("sandbox", "down", "--name", SANDBOX, "--delete")), Path(folder))
    _say(
        "\nThat was all of it. To go on by yourself:\n\n"
        "  hpctl sandbox up                   # the sandbox stays until `hpctl sandbox down`\n"
        '  eval "$(hpctl sandbox env)"        # this shell now talks to it\n'
        "  hpctl cluster list\n"
    )


def _say(text: str) -> None:
    write(Terminal.current().stdout, f"{text}\n")


def _tell(folder: Path, pace: float) -> None:
    _run(Step("Start the sandbox", ("sandbox", "up", "--name", SANDBOX, "--pace", f"{pace:g}")), folder)
    if without := slurm_missing():
        _say(f"\n# Jobs on Slurm are left out of this story: {without}")
    for step in STORY:
        if not (step.on_slurm and without):
            _run(step, folder, *_hpctl("sandbox", "run", "--name", SANDBOX, "--"))


def _run(step: Step, folder: Path, *inside: str) -> None:
    _say(f"\n# {step.say}\n$ {shlex.join(('hpctl', *step.words))}")
    code = wiring.run_program((*inside, *_hpctl(*step.words)), folder=folder)
    if code != step.code:
        raise StoryError(f"`hpctl {shlex.join(step.words)}` ended with exit code {code}, not {step.code.value}")


class StoryError(HpctlError):
    """A command of the story did not end as the story has it: a bug."""

    code = "bug"
    exit_code = ExitCode.BUG


def _hpctl(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "hpctl", *words)


def _write_examples(folder: Path) -> None:
    for name, text in examples():
        (folder / name).write_text(text, encoding="utf-8")


def examples() -> Iterator[tuple[str, str]]:
    """Yield the names and texts of the files that come with hpctl: specs, a job and what it runs."""
    from importlib.resources import files

    for name in EXAMPLES:
        yield name, (files("hpctl.examples") / name).read_text(encoding="utf-8")
