"""Keep the traceback of a bug where its finder can attach it to a report."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

import hpctl


def keep(error: BaseException, env: Mapping[str, str]) -> Path:
    """Write the traceback to a private file and return its path; it holds code locations, no values."""
    folder = Path(env.get("HPCTL_STATE_HOME") or platformdirs.user_state_path("hpctl")) / "crashes"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.txt"
    text = f"hpctl {hpctl.__version__}\n\n{''.join(traceback.format_exception(error))}"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path
