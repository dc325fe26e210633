"""Changes around a cluster: kept, not made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hpctl.facts.change_ports import Owned

if TYPE_CHECKING:
    from tests.unit.fake_calls import CallLog

Change = tuple[str, Mapping[str, object], bytes | None]


class FakeChanges:
    """Nothing is owned by a stack, and no role has inline policies, unless a test says so."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.made: list[Change] = []
        self.stacks: dict[str, str] = {}
        self.policies: set[tuple[str, str]] = set()

    def make(self, verb: str, request: Mapping[str, object], content: bytes | None = None) -> None:
        self._log.record("changes.make", verb)
        self.made.append((verb, request, content))

    def stack_of(self, kind: Owned, name: str) -> str | None:
        self._log.record("changes.stack_of", kind, name)
        return self.stacks.get(name)

    def has_role_policy(self, role: str, policy: str) -> bool:
        self._log.record("changes.has_role_policy", role, policy)
        return (role, policy) in self.policies
