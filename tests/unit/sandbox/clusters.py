"""HyperPod clusters as the sandbox keeps them, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from hpctl.sandbox.clock import Moment
from hpctl.sandbox.sagemaker.cluster import Change, Cluster, Deleted, Fault, Group, Seat, Stage

START = datetime(2026, 1, 1, tzinfo=UTC)
PACE = 100.0
CONTINUOUS = {"NodeProvisioningMode": "Continuous"}
FAULT = "the check failed"


def at(share: float) -> datetime:
    """Return the time at which a share of the creation has passed."""
    return START + timedelta(seconds=share * PACE)


def a_group(
    name: str = "workers", count: int = 2, fault: str | None = None, stage: Stage = Stage.EFA, **spec: Any
) -> Group:
    """Return a group whose nodes stand in one zone."""
    seats = tuple(
        Seat(name, index, f"{name}-{index}", "ml.p5.48xlarge", "subnet-1", f"10.0.0.{index}", "us-west-2a", "usw2-az1")
        for index in range(count)
    )
    members = {"InstanceGroupName": name, "ExecutionRole": "arn:role", **spec}
    return Group(name, members, seats, Fault(stage, fault) if fault else None, restricted=False)


def moment(share: float) -> Moment:
    """Return the moment at which a share of the creation has passed."""
    return Moment(at(share), PACE)


def a_cluster(
    *groups: Group,
    deleted_at: float | None = None,
    request: Mapping[str, Any] = MappingProxyType({}),
    changes: tuple[Change, ...] = (),
) -> Cluster:
    """Return a cluster that was created at `START`; `deleted_at` is a share of its pace."""
    end = () if deleted_at is None else (Deleted(moment(deleted_at)),)
    return Cluster(
        "abcdefghijkl",
        "arn:aws:sagemaker:us-west-2:123456789012:cluster/abcdefghijkl",
        {"ClusterName": "one", **request},
        groups or (a_group(),),
        Moment(START, PACE),
        (*changes, *end),
    )
