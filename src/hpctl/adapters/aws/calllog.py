"""What `-v` shows of AWS: each call, how long it took, how often it was tried, never what it carried."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.session import Session

_STARTED: Final = "hpctl-started"


class CallLog:
    """Listens to every client of a botocore session, those that fetch credentials included."""

    def __init__(self, log: Callable[[str], None], *, timer: Callable[[], float] = time.perf_counter) -> None:
        """Tell `log` one line a call; `timer` counts seconds."""
        self._log = log
        self._timer = timer

    def listen(self, session: Session) -> None:
        """Hear of each call that clients made from now on send."""
        session.register("before-call", self._start)
        session.register("after-call", self._end)
        session.register("after-call-error", self._fail)

    def _start(self, **event: Any) -> None:
        event["context"][_STARTED] = self._timer()

    def _end(self, **event: Any) -> None:
        answer = event["parsed"]
        metadata = answer.get("ResponseMetadata", {})
        notes = [answer["Error"]["Code"]] if "Error" in answer else []
        if retries := metadata.get("RetryAttempts"):
            notes.append(f"retries: {retries}")
        if request_id := metadata.get("RequestId"):
            notes.append(f"request {request_id}")
        self._tell(event, notes)

    def _fail(self, **event: Any) -> None:
        self._tell(event, [type(event["exception"]).__name__])

    def _tell(self, event: Mapping[str, Any], notes: list[str]) -> None:
        _, service, operation = event["event_name"].split(".", 2)
        now = self._timer()
        elapsed_ms = (now - event["context"].get(_STARTED, now)) * 1000
        self._log(", ".join([f"{service}:{operation} {elapsed_ms:.0f} ms", *notes]))
