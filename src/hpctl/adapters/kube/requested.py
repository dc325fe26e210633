"""What one pod of a list asks of its node, and nothing else of it, for lists of pods are long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hpctl.adapters.kube.reading import requests_of
from hpctl.facts.asked_of_nodes import ENDED

HOLDING: Final = ",".join(("spec.nodeName!=", *(f"status.phase!={phase}" for phase in sorted(ENDED))))
"""A field selector: the server leaves out what holds nothing yet, or nothing any more."""


def request_of(row: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Read from a Pod its node (empty where it has none yet) and what it asks of it."""
    spec = row.get("spec") or {}
    return str(spec.get("nodeName") or ""), requests_of(spec)
