"""`hpctl node label`, as people type it: shown first, done once, taken back."""

from __future__ import annotations

import pytest

from hpctl.errors import ExitCode
from tests.functional.job.cli.conftest import Jobs

pytestmark = [pytest.mark.functional, pytest.mark.slow]


def labels(jobs: Jobs) -> list[str | None]:
    return [row["before"] for row in jobs.hpctl("node", "label", "--dry-run", "-o", "json").json()["nodes"]]


def test_labels_are_shown_made_kept_and_taken_away(jobs: Jobs) -> None:
    assert jobs.hpctl("node", "label", ends=ExitCode.UNCONFIRMED).err.endswith("hint: add --yes\n")
    shown = jobs.hpctl("node", "label", "--dry-run", "-o", "json").json()
    assert [(row["change"], row["after"]) for row in shown["nodes"]] == [("add", "h100")] * 2
    assert labels(jobs) == [None, None]
    done = jobs.hpctl("node", "label", "--yes")
    assert done.out.splitlines()[-1] == "2 labels changed"
    assert labels(jobs) == ["h100", "h100"]
    assert jobs.hpctl("node", "label", "--yes").out.splitlines()[-1] == "nothing to change"
    jobs.hpctl("node", "label", "--remove", "--yes")
    assert labels(jobs) == [None, None]
