"""What a kubelet would tell of the pods of a job, where there is none: two lines that each has printed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from hpctl.sandbox.kube.ports import LogOptions

LINES: Final = ("2026-01-01T00:00:01.000000001Z begun\n", "2026-01-01T00:00:02.000000002Z done\n")
"""As the API tells them with their times."""


class PrintedLogs:
    """The streams of pods; only their logs."""

    async def log(self, pod: Any, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        for line in LINES:
            if options.since is None or datetime.fromisoformat(line.split()[0]) >= options.since:
                yield line.encode()
