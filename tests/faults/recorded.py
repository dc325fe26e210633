"""What the matrix of faults gave when it was recorded: the tests compare with it, and a page shows it.

`make faults` records it anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "outcomes"
RECORDING = bool(os.environ.get("HPCTL_TEST_RECORD_FAULTS"))

_AT_ONCE = ("servicequotas:ListAWSDefaultServiceQuotas ", "servicequotas:ListServiceQuotas ")

Row = dict[str, Any]


def rows(file: str) -> list[Row]:
    """Return what is recorded in a file, nothing when it is not there."""
    path = FOLDER / file
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def calls(file: str) -> list[str]:
    """Return the calls that were struck, in their order; none while they are recorded anew."""
    return [] if RECORDING else list(dict.fromkeys(row["call"] for row in rows(file)))


def in_order(calls: Sequence[str]) -> list[str]:
    """Return the calls as they came; of the two lists of quotas, asked for at once, either may come first."""
    places = [place for place, call in enumerate(calls) if call.startswith(_AT_ONCE)]
    sorted_calls = dict(zip(places, sorted(calls[place] for place in places), strict=True))
    return [sorted_calls.get(place, call) for place, call in enumerate(calls)]


def write(file: str, found: Sequence[Row]) -> None:
    """Record rows, one a line."""
    lines = ",\n".join(json.dumps(row) for row in found)
    (FOLDER / file).write_text(f"[\n{lines}\n]\n", encoding="utf-8")
