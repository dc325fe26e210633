"""The sessions of a sandbox: who may open which data channel, once a token. They do not survive its server."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hpctl.sandbox.ssm.documents import Document

STARTS_PER_SECOND: Final = 3
"""How many sessions an account may start a second (AWS Systems Manager endpoints and quotas)."""
_KEPT: Final = 1000


@dataclass(slots=True)
class Session:
    """One session: the node that it is for, its document, and the token that opens its channel the next time."""

    id: str
    target: str
    cluster_id: str
    instance_id: str
    document_name: str
    document: Document
    properties: Mapping[str, str]
    owner: str
    reason: str | None
    started: datetime
    token: str = field(repr=False)
    ended: datetime | None = None


class Sessions:
    """All sessions, by their ids; requests come from many threads, channels from one."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start empty; `monotonic` says what second it is to the limit of starts."""
        self._monotonic, self._lock = monotonic, Lock()
        self._all: dict[str, Session] = {}
        self._starts: deque[float] = deque()
        self.per_second: int | None = STARTS_PER_SECOND
        self.url = "ws://127.0.0.1:0"
        """Where the agent listens."""
        self.terminated: Callable[[str], None] = lambda _: None
        """Who is told, from any thread, that a session is to end."""

    def may_start(self) -> bool:
        """Count a start, unless there were as many as are allowed within the last second."""
        with self._lock:
            now = self._monotonic()
            while self._starts and now - self._starts[0] >= 1:
                self._starts.popleft()
            if self.per_second is not None and len(self._starts) >= self.per_second:
                return False
            self._starts.append(now)
            return True

    def add(self, session: Session) -> None:
        """Take up a session."""
        with self._lock:
            self._all[session.id] = session
            for old in list(self._all)[:-_KEPT]:
                if self._all[old].ended is not None:
                    del self._all[old]

    def find(self, session_id: str) -> Session | None:
        """Return a session, one that has ended too."""
        return self._all.get(session_id)

    def rows(self) -> list[Session]:
        """Return all sessions, newest first."""
        with self._lock:
            return list(self._all.values())[::-1]

    def renew(self, session: Session) -> str:
        """Return a new token for a session; the one before is worth nothing any more."""
        session.token = new_token()
        return session.token

    def claim(self, session_id: str, token: str) -> Session | None:
        """Return the session that a token opens, and let it open nothing again."""
        with self._lock:
            found = self._all.get(session_id)
            if found is None or found.ended is not None or not found.token:
                return None
            if not hmac.compare_digest(found.token.encode(), token.encode()):
                return None
            found.token = ""
            return found

    def end(self, session_id: str, at: datetime) -> None:
        """Note that a session is over."""
        found = self._all.get(session_id)
        if found is not None and found.ended is None:
            found.ended, found.token = at, ""

    def stream_url(self, session: Session) -> str:
        """Return where the session's channel is."""
        return f"{self.url}/v1/data-channel/{session.id}?role=publish_subscribe"


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(48)


def new_id(owner: str) -> str:
    """Return a session's id: its owner's name and seventeen digits, as Session Manager makes them."""
    return f"{owner[:64]}-{secrets.token_hex(9)[:17]}"
