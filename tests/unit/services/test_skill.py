"""The skill for coding agents: what stands in it, and which files it may take the place of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import pytest

from hpctl.catalog.failures import known_failures
from hpctl.checks.catalogue import CHECKS
from hpctl.cli.commands.skill import ONLY_LOOK, command_lines
from hpctl.cli.tree import leaves
from hpctl.errors import ConflictError, ExitCode
from hpctl.report.skill import SkillReport
from hpctl.services import skill

COMMANDS = tuple(command_lines())
TEXT = skill.text(COMMANDS)
MAY_CHANGE = {"dry_run", "yes"}


@dataclass
class FakeFolder:
    """A folder in memory."""

    files: dict[str, bytes] = field(default_factory=dict)

    def content(self, name: str) -> bytes | None:
        return self.files.get(name)

    def put(self, name: str, text: str) -> None:
        self.files[name] = text.encode()


def installed(folder: FakeFolder, *, force: bool = False) -> SkillReport:
    return skill.install(folder, PurePosixPath("skills"), COMMANDS, force=force)


def section(heading: str) -> str:
    return TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    "phrase",
    [
        "Create a HyperPod cluster",
        "Set up distributed training on AWS",
        "Help me configure Slurm for ML training",
        "Is Qwen3 supported on Trainium?",
        "/hyperpod",
        "/sagemaker-hyperpod",
    ],
)
def test_the_phrases_that_call_for_it_stand_in_its_description(phrase: str) -> None:
    head = TEXT.split("---\n")[1]
    assert re.search(r"^name: hyperpod$", head, re.MULTILINE)
    description = re.search(r"^description: (.*)$", head, re.MULTILINE)
    assert description
    assert phrase in description[1]
    assert len(description[1]) <= 1024  # what readers of such files take


@pytest.mark.scorecard(65)
def test_every_command_check_failure_and_exit_code_is_named() -> None:
    listed = set(re.findall(r"^\| `(hpctl [a-z -]+)` \|", TEXT, re.MULTILINE))
    assert listed == {" ".join(words) for words, _ in leaves()}
    assert {one.id for one in CHECKS} <= set(re.findall(r"`([a-z0-9-]+)`", section("Checks")))
    assert {one.id for one in known_failures()} <= set(re.findall(r"`([a-z0-9-]+)`", section("Known failures")))
    assert all(f"| {code.value} | {code.meaning} |" in TEXT for code in ExitCode)


def test_what_an_agent_may_use_unasked_exists_and_has_no_sign_of_a_change() -> None:
    options = {" ".join(words): {one.name for one in command.params} for words, command in leaves()}
    assert ONLY_LOOK - options.keys() == set()
    assert {line for line in ONLY_LOOK if options[line] & MAY_CHANGE} == {"hpctl doctor"}  # `--fix`, which is told
    looking = section("Commands that only look")
    assert {line for line in options if f"| `{line}` |" in looking} == ONLY_LOOK
    assert "`hpctl doctor --fix` mends what it finds: it belongs to the others" in looking


def test_what_shows_its_plan_is_told_to_show_it() -> None:
    rows = dict(
        re.findall(r"^\| `(hpctl [a-z -]+)` \| .* \| (.*) \|$", section("Commands that change something"), re.MULTILINE)
    )
    assert rows["hpctl cluster create"] == rows["hpctl cluster delete"] == "what `--dry-run` prints"
    assert rows["hpctl job cancel"] == "the command itself, and what it would end"


def test_it_is_written_once() -> None:
    folder = FakeFolder()
    assert (installed(folder).result, installed(folder).result) == ("written", "unchanged")
    assert installed(folder).path == "skills/SKILL.md"


def test_what_another_hpctl_wrote_is_replaced() -> None:
    folder = FakeFolder({"SKILL.md": skill.sealed("# Older\n").encode()})
    assert installed(folder).result == "replaced"
    assert folder.files["SKILL.md"] == skill.sealed(TEXT).encode()


@pytest.mark.parametrize(
    "there",
    [b"# My own\n", b"", b"\xff\n", skill.sealed("# Older\n").replace("Older", "Changed").encode(), b"x" * 70_000],
    ids=["their own", "empty", "no text", "changed", "long"],
)
def test_what_somebody_else_wrote_or_changed_stays_unless_it_is_forced(there: bytes) -> None:
    folder = FakeFolder({"SKILL.md": there})
    with pytest.raises(ConflictError, match=r"skills/SKILL\.md` is not as hpctl has written it") as refused:
        installed(folder)
    assert "--force" in (refused.value.hint or "")
    assert folder.files == {"SKILL.md": there}
    assert installed(folder, force=True).result == "replaced"
