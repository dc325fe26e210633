"""UpdateClusterSoftware on one group: batch after batch, each node's root volume replaced and its scripts run again.

A node whose scripts fail is tried several times; then the group is rolled back to the software that it had, and ends
Failed (seen at AWS: about four runs in 18 minutes, the instance id kept, the last message sticky).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import life
from hpctl.sandbox.sagemaker.nodes import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hpctl.sandbox.sagemaker.cluster import Fault, Group, SoftwareUpdated
    from hpctl.sandbox.sagemaker.nodes import InstanceGroup, Node
    from hpctl.sandbox.sagemaker.play import Play

BEGUN = 0.03
VOLUME_REPLACED = 0.30
TRIED_AGAIN = 0.20
ATTEMPTS = 4
UNDER_WAY = frozenset({"Pending", "InProgress", "RollbackInProgress"})
# The pace of a request stands for these seconds at AWS: waits between batches are told in AWS's seconds.
_SECONDS_AT_AWS = 1200


class Patching:
    """The update of one group by one request."""

    def __init__(self, play: Play, number: int, run: Group, change: SoftwareUpdated) -> None:
        """Take what the request says about the group."""
        self._play = play
        self._number = number
        self._run = run
        self._pace = change.at.pace
        self._group: InstanceGroup = play.groups[run.name]
        self._deployment: Mapping[str, Any] = change.request.get("DeploymentConfig", {})
        self._policy: Mapping[str, Any] = self._deployment.get("RollingUpdatePolicy", {})
        self._old = self._group.image
        self._waiting: list[Node] = []
        self._batch: set[Node] = set()
        self._attempts: dict[Node, int] = {}

    def begin(self) -> None:
        """Begin with the first batch."""
        group = self._group
        group.desired = Image(self._run.spec.get("ImageId"), self._run.spec.get("ImageReleaseVersion"), self._number)
        group.software, group.deployment = "Pending", self._deployment or None
        self._waiting = list(self._play.seated(seat.logical_id for seat in self._run.seats))
        self._play.after(BEGUN, self._pace, self._start)

    def _start(self) -> None:
        self._group.software = "InProgress"
        self._tell("initiated")
        self._next_batch()

    def _next_batch(self) -> None:
        if self._play.status in {"Deleting", None}:
            return
        rolling_back = self._group.software == "RollbackInProgress"
        size = self._size(self._policy.get("RollbackMaximumBatchSize" if rolling_back else "MaximumBatchSize"))
        self._waiting = [node for node in self._waiting if not node.closing]
        batch, self._waiting = self._waiting[:size], self._waiting[size:]
        if not batch:
            self._end()
            return
        self._batch = set(batch)
        for node in batch:
            self._update(node, restored=rolling_back)

    def _size(self, told: Mapping[str, Any] | None) -> int:
        whole = max(1, len(self._run.seats))
        if told is None:
            return whole
        if told["Type"] == "INSTANCE_COUNT":
            return int(told["Value"])
        return max(1, whole * int(told["Value"]) // 100)

    def _update(self, node: Node, *, restored: bool) -> None:
        node.turn += 1
        node.boots += 1
        node.status, node.busy, node.counted, node.operation = "SystemUpdating", True, True, None
        node.leaving = self._leave
        text = f"Root volume replacement started for instance {node.instance_id} in IG {node.seat.group}"
        self._play.tell(text, node=node)
        if restored:
            life.soon(self._play, node, VOLUME_REPLACED, self._restored)
            return
        node.run, node.pace = self._run, self._pace
        life.soon(self._play, node, VOLUME_REPLACED, life.end_scripts(self._updated, self._failed))

    def _updated(self, play: Play, node: Node) -> None:
        node.image, node.updated_at = self._group.desired, play.now
        play.tell(f"Instance {node.instance_id} in IG {node.seat.group} updated successfully.", node=node)
        self._done(node)

    def _restored(self, play: Play, node: Node) -> None:
        node.image, node.updated_at = self._old, play.now
        if self._run.ended is not None:
            # The success that the log tells of is the rollback's (seen at AWS).
            life.log(play, node, replace(self._run.ended.outcome, status=0))
        text = f"Instance {node.instance_id} in IG {node.seat.group} rolled back successfully to previous AMI."
        play.tell(text, node=node)
        self._done(node)

    def _failed(self, play: Play, node: Node, fault: Fault) -> None:
        node.message = fault.message
        self._attempts[node] = self._attempts.get(node, 0) + 1
        metadata = {"Instance": {"NodeLogicalId": node.seat.logical_id, "FailureMessage": fault.message}}
        if self._attempts[node] < ATTEMPTS:
            life.soon(play, node, TRIED_AGAIN, life.end_scripts(self._updated, self._failed))
            return
        text = f"Instance {node.instance_id} in IG {node.seat.group} failed to update. Rollback initiated."
        play.tell(text, node=node, level="Error", metadata=metadata)
        self._roll_back()

    def _roll_back(self) -> None:
        group = self._group
        group.software, group.image, group.desired = "RollbackInProgress", group.desired, self._old
        touched = {*self._batch, *(node for node in group.nodes if node.image == group.image)}
        for node in touched:
            node.turn += 1
        self._batch.clear()
        self._waiting = [node for node in group.nodes if node in touched]
        self._tell("rollback initiated", "Warn")
        self._next_batch()

    def _done(self, node: Node) -> None:
        node.leaving = None
        message = node.message if self._group.software == "RollbackInProgress" else None
        life.run_on(self._play, node)
        node.message = message
        self._leave(node)

    def _leave(self, node: Node) -> None:
        self._batch.discard(node)
        if self._batch:
            return
        wait = self._deployment.get("WaitIntervalInSeconds", 0) / _SECONDS_AT_AWS if self._waiting else 0.0
        self._play.after(wait, self._pace, self._next_batch)

    def _end(self) -> None:
        if self._group.software == "RollbackInProgress":
            self._group.software = "Failed"
            self._tell("failed", "Error")
        else:
            self._group.software = "Succeeded"
            self._tell("completed successfully")
        self._group.image, self._group.deployment = self._group.desired, None
        self._play.settle()

    def _tell(self, what: str, level: str = "Info") -> None:
        text = f"UpdateClusterSoftware {what} for IG {self._group.name} in Cluster {self._play.cluster.name}"
        self._play.tell(text, group=self._group.name, level=level)
