"""Rebooting and replacing nodes: the port `facts.node_care.NodeCare`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.node_care import NodeRefusal


class AwsNodeCare:
    """Sends SageMaker's batch operations."""

    def __init__(self, session: AwsSession) -> None:
        """Send through `session`."""
        self._session = session

    def reboot(self, request: Mapping[str, Any]) -> tuple[NodeRefusal, ...]:
        """Reboot nodes of a cluster."""
        return refusals_of(self._session.call("sagemaker", "BatchRebootClusterNodes", **request))

    def replace(self, request: Mapping[str, Any]) -> tuple[NodeRefusal, ...]:
        """Replace nodes of a cluster by new instances."""
        return refusals_of(self._session.call("sagemaker", "BatchReplaceClusterNodes", **request))


@reads("sagemaker:BatchReplaceClusterNodes")
def refusals_of(answer: Mapping[str, Any]) -> tuple[NodeRefusal, ...]:
    """Read either answer; whoever stands in neither of its lists was taken."""
    return tuple(_refusals(answer))


def _refusals(answer: Mapping[str, Any]) -> Iterator[NodeRefusal]:
    for row in answer.get("Failed") or ():
        yield NodeRefusal(row["NodeId"], row["ErrorCode"], row.get("Message", ""))
    for row in answer.get("FailedNodeLogicalIds") or ():
        yield NodeRefusal(row["NodeLogicalId"], row["ErrorCode"], row.get("Message", ""))
