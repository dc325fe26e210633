"""Job files as people publish them: each is accepted, or refused by the name of what is not honoured.

The comments of a file say what is expected of it: `# accepted` or each `# refused: …`, and every `# notice: …` and
`# warning: …`; nothing else may be said of it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hpctl.errors import Problem, SpecError
from hpctl.spec.job_load import load_job
from hpctl.spec.job_wish import LoadedJob
from tests.in_turn import in_turn

FOLDER = Path(__file__).parent / "wild"
FILES = sorted(path.name for path in FOLDER.iterdir())
EXPECTED = re.compile(r"^# (accepted|refused|notice|warning)(?:: (.*))?$", re.MULTILINE)

MESSAGE = re.compile(r"`.*` (is not a (.* that (hpctl )?can run|valid job): \d+ problems?|cannot be read as a job)")


def expected(name: str, word: str) -> list[str]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return sorted(found[2] for found in EXPECTED.finditer(text) if found[1] == word)


def is_accepted(name: str) -> bool:
    return EXPECTED.search((FOLDER / name).read_text(encoding="utf-8"))[1] == "accepted"  # type: ignore[index]


def load(name: str) -> LoadedJob:
    return load_job(FOLDER / name, env={"HOME": "/home/me"})


def matched(fragments: list[str], said: list[str]) -> None:
    """Every fragment is in a text of its own, and no text is left."""
    left = list(said)
    for fragment in fragments:
        hit = next((one for one in left if fragment in one), None)
        assert hit is not None, (fragment, left)
        left.remove(hit)
    assert left == []


def test_the_corpus_is_large() -> None:
    assert len(FILES) >= 110


@in_turn("name", [name for name in FILES if is_accepted(name)])
def test_a_file_that_can_run_is_accepted_and_says_what_has_no_effect(name: str) -> None:
    loaded = load(name)
    matched(expected(name, "notice"), list(loaded.notices))
    matched(expected(name, "warning"), [problem.message for problem in loaded.warnings])
    for notice in loaded.notices:
        assert re.match(rf"{re.escape(str(FOLDER / name))}:\d+:\d+: ", notice)


@in_turn("name", [name for name in FILES if not is_accepted(name)])
def test_a_file_that_cannot_run_is_refused_by_name(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(name)
    assert MESSAGE.fullmatch(caught.value.message)
    problems: tuple[Problem, ...] = caught.value.problems
    matched(expected(name, "refused"), [problem.message for problem in problems])
    assert [(one.line, one.column) for one in problems] == sorted((one.line, one.column) for one in problems)
    assert all(problem.line > 0 and problem.column > 0 for problem in problems)
