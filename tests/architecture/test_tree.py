"""What no file of the project may say, and what its locked requirements must."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest

from tests.architecture.source import REPOSITORY, text_files

# Written in two halves, so that this file may be searched too.
HOSTS = "|".join(
    name + r"\." + top for name, top in (("pypi", "org"), ("python" + "hosted", "org"), ("npm" + "js", "org"))
)
FORBIDDEN = {
    "a registry's host name": re.compile(HOSTS),
    "a path of one machine": re.compile(r"(?<![\w.}$/-])/(?:wor" + r"k|roo" + r"t|User" + r"s)/"),
    "a task without an issue": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b(?!.*#\d)"),
}
REQUIREMENTS = ("awscli", "dev", "pyssm", "run", "site", "uv")


def complaints(path: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in FORBIDDEN.items():
            if pattern.search(line):
                yield f"{path}:{number}: {what}"


def test_no_file_names_a_registry_or_a_machine_or_leaves_a_task_behind() -> None:
    assert [complaint for path, text in text_files() for complaint in complaints(path, text)] == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("see https://" + "pypi" + ".org/project/hpctl", "a registry's host name"),
        ("cd /" + "work/main", "a path of one machine"),
        ("# TO" + "DO: later", "a task without an issue"),
    ],
)
def test_a_forbidden_line_is_found(line: str, what: str) -> None:
    assert list(complaints("x.md", f"first\n{line}\n")) == [f"x.md:2: {what}"]


def test_a_task_with_an_issue_and_a_path_in_a_container_pass() -> None:
    assert not list(complaints("x.md", "TO" + "DO (#12)\n/opt/ml/work/data"))


def pins(name: str) -> dict[str, str]:
    """Return each pinned distribution of a requirement file with its version."""
    text = (REPOSITORY / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.scorecard(57)
@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_with_its_hashes(name: str) -> None:
    text = (REPOSITORY / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
    rows = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert rows
    assert [row for row in rows if not re.match(r"[a-z0-9.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", row)] == []


def test_the_demo_runs_on_the_versions_that_the_tests_ran_on() -> None:
    assert pins("run").items() <= pins("dev").items()


def test_the_locked_set_covers_what_the_project_declares() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    groups = project["dependency-groups"].values()
    declared = [*project["project"]["dependencies"], *(row for rows in [*extras, *groups] for row in rows)]
    names = {re.split(r"[\[<>=; ]", row)[0].replace(".", "-") for row in declared if isinstance(row, str)}
    assert sorted(names - set(pins("dev"))) == []
