"""What goes with `--fix`, and what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hpctl.cli.commands.doctor_fix import FixWish
from hpctl.errors import UsageError


def a_wish(**members: Any) -> FixWish:
    usual = {"fix": True, "dry_run": False, "yes": False, "folder": None, "cluster": None, "file": None, "loaded": None}
    return FixWish(**{**usual, **members})


@pytest.mark.parametrize("members", [{"file": "cluster.yaml"}, {"cluster": "hp"}, {"fix": False}])
def test_a_wish_that_is_whole_is_sound(members: dict[str, Any]) -> None:
    a_wish(**members).demand_sound({"--offline": False, "--node": None})


@pytest.mark.parametrize(
    ("members", "beside", "message"),
    [
        ({}, {}, "`--fix` mends what stands around a cluster, and none is named"),
        ({"file": "a.yaml"}, {"--offline": True}, "`--fix` does not go with `--offline`"),
        ({"fix": False, "yes": True}, {}, "`--yes` goes with `--fix`, and `doctor` changes nothing without it"),
        ({"fix": False, "dry_run": True}, {}, "`--dry-run` goes with `--fix`, and `doctor` changes nothing without it"),
        (
            {"fix": False, "folder": Path("x")},
            {},
            "`--lifecycle` goes with `--fix`, and `doctor` changes nothing without it",
        ),
    ],
)
def test_a_wish_that_says_too_little_or_too_much_is_refused(
    members: dict[str, Any], beside: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError) as told:
        a_wish(**members).demand_sound(beside)
    assert told.value.message == message
