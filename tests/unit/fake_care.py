"""Reboots and replacements of nodes in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hpctl.facts.node_care import NodeRefusal

if TYPE_CHECKING:
    from tests.unit.fake_calls import CallLog


class FakeNodeCare:
    """Takes every node but those in `refused`."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.refused: tuple[NodeRefusal, ...] = ()

    def reboot(self, request: Mapping[str, Any]) -> tuple[NodeRefusal, ...]:
        self._log.record("node_care.reboot", dict(request))
        return self.refused

    def replace(self, request: Mapping[str, Any]) -> tuple[NodeRefusal, ...]:
        self._log.record("node_care.replace", dict(request))
        return self.refused
