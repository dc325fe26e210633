"""What a live cluster amounts to as a CreateCluster request: DescribeCluster, read backwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hpctl.adapters.aws.errors import reads

_SAME: Final = (
    "ClusterName",
    "VpcConfig",
    "Orchestrator",
    "NodeRecovery",
    "NodeProvisioningMode",
    "ClusterRole",
    "TieredStorageConfig",
)
"""Members that both shapes have alike."""


@reads("sagemaker:DescribeCluster")
def request_of(answer: Mapping[str, Any]) -> dict[str, object]:
    """Read DescribeCluster as the request that would make the same cluster."""
    return {member: answer[member] for member in _SAME if member in answer}
