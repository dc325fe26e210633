"""What a live cluster amounts to as a CreateCluster request: DescribeCluster, read backwards.

The service model's shapes of the request say what is wanted; the answer is searched for it. So a member that both
have alike needs no line here, and what only an answer has (statuses, counts of the moment) is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.catalog.limits import Shape, shape

_RENAMED: Final = {"InstanceCount": ("TargetCount", "CurrentCount"), "MinInstanceCount": ("MinCount",)}
"""Members of the request, and what an answer calls them."""

_PREFIXES: Final = ("", "Desired", "Current")
"""Where an answer tells the value that nodes have and the one that was asked for last apart, the latter counts."""


@reads("sagemaker:DescribeCluster")
def request_of(answer: Mapping[str, Any]) -> dict[str, object]:
    """Read DescribeCluster as the request that would make the same cluster; what is empty is left out."""
    return _structure(shape("CreateClusterRequest"), answer)


def _structure(wanted: Shape, told: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for member, of in wanted.members.items():
        names = _RENAMED.get(member) or [f"{prefix}{member}" for prefix in _PREFIXES]
        seen = next((told[name] for name in names if told.get(name) is not None), None)
        if seen is not None and seen != []:
            found[member] = _value(shape(of), seen)
    if "InstanceRequirements" in found:  # a request has one of the two
        found.pop("InstanceType", None)
    return {member: value for member, value in found.items() if value not in ({}, []) or _is_marker(member)}


def _is_marker(member: str) -> bool:
    """Tell the members that say something by being there."""
    return member in ("Spot", "OnDemand", "Slurm")


def _value(wanted: Shape, told: Any) -> Any:
    match wanted.type:
        case "structure":
            return _structure(wanted, told)
        case "list":
            return [_value(shape(wanted.member or ""), item) for item in told]
        case "map":
            return dict(told)
        case "timestamp" if isinstance(told, datetime):
            return told.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case _:
            return told
