"""How a cluster bears what happens to its nodes: with Continuous provisioning, and without.

With it the cluster is InService early and stays so, and what fails is tried again at growing distances. Without it
one request is carried out at a time, and as one: when one node fails, all that the request brought is taken back
(AWS documentation).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hpctl.sandbox.sagemaker import life, repair, wordings
from hpctl.sandbox.sagemaker.cluster import Stage
from hpctl.sandbox.sagemaker.operations import DONE
from hpctl.sandbox.sagemaker.patching import UNDER_WAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from hpctl.sandbox.clock import Moment
    from hpctl.sandbox.sagemaker.nodes import InstanceGroup, Node
    from hpctl.sandbox.sagemaker.play import Play

SETTLED = 1.0
SETTLES_AFTER = 0.15
ROLLBACK_AFTER = 0.15
ROLLED_BACK_AFTER = 0.40
# A failed node is tried again after twice the creation, then after twice that time, and so on.
RETRY_AFTER = 2.0
LEAST_PAUSE = 1.0


class Continuous:
    """NodeProvisioningMode Continuous."""

    def __init__(self, play: Play) -> None:
        """Conduct this play."""
        self._play = play
        self._stopped = False

    def begin(self, verb: str, number: int, moment: Moment) -> None:  # noqa: ARG002 - a Conduct
        """Let the cluster be InService soon after its creation; later requests change nothing about it."""
        if verb == "creation":
            self._play.after(life.LAUNCHED, moment.pace, self._serve)

    def release(self, nodes: list[Node], operation: str) -> None:
        """Let them go at once."""
        life.close_all(self._play, nodes, operation)

    def rose(self, node: Node) -> None:
        """Look after its hardware."""
        node.retries = 0
        repair.watch(self._play, node)

    def failed(self, node: Node) -> None:
        """Try again later, with another instance."""
        distance = timedelta(seconds=RETRY_AFTER * 2**node.retries * node.pace)
        pause = timedelta(seconds=LEAST_PAUSE * node.pace)
        node.retries += 1
        life.due(self._play, node, max(node.began + distance, self._play.now + pause), life.rise)

    def settle(self) -> None:
        """See which groups are InService for the first time."""
        for group in self._play.groups.values():
            enough = group.whole or (group.least is not None and group.current >= group.least)
            group.ready = group.ready or (enough and self._play.status == "InService")

    def stop(self) -> None:
        """Pursue nothing any more."""
        self._stopped = True

    def _serve(self) -> None:
        if not self._stopped:
            self._play.status = "InService"
            name = self._play.cluster.name
            operation = self._play.cluster.operation_id(0)
            self._play.tell(f"Cluster {name} creation completed successfully", operation=operation)
            self._play.settle()


@dataclass
class _Undertaking:
    """The one request that is being carried out, and what was before it."""

    verb: str
    number: int
    began: datetime
    pace: float
    known: Mapping[str, InstanceGroup]
    specs: Mapping[str, Mapping[str, Any]]
    nodes: frozenset[Node]
    failing: bool = False
    ending: bool = False


class AllOrNothing:
    """The provisioning mode of clusters that name none."""

    def __init__(self, play: Play) -> None:
        """Conduct this play."""
        self._play = play
        self._doing: _Undertaking | None = None

    def begin(self, verb: str, number: int, moment: Moment) -> None:
        """Take a request as the one that is carried out."""
        play = self._play
        known = dict(play.groups)
        specs = {name: group.spec for name, group in known.items()}
        self._doing = _Undertaking(verb, number, play.now, moment.pace, known, specs, frozenset(play.nodes()))
        play.status = "Creating" if verb == "creation" else "Updating"
        play.failure = None

    def release(self, nodes: list[Node], operation: str) -> None:
        """Let them go when all that is to come has come: until then the request can be taken back."""
        for node in nodes:
            node.closing, node.operation = True, operation

    def rose(self, node: Node) -> None:
        """Look after its hardware."""
        repair.watch(self._play, node)

    def failed(self, node: Node) -> None:
        """Take the whole request back, when the node belongs to it."""
        doing = self._doing
        if doing is None or doing.failing or node in doing.nodes:
            return
        doing.failing = True
        message = node.message or ""
        if node.doom is not None and node.doom.stage is Stage.SCRIPTS:
            message = wordings.PROVISIONING_FAILED.format(instance=node.instance_id, message=message)
        self._play.after(ROLLBACK_AFTER, doing.pace, lambda: self._roll_back(doing, message))
        self._play.after(ROLLED_BACK_AFTER, doing.pace, lambda: self._rolled_back(doing))

    def settle(self) -> None:
        """See whether the request has come to its end, and the software updates."""
        doing, play = self._doing, self._play
        if doing is None:
            updating = any(group.software in UNDER_WAY for group in play.groups.values())
            if play.status in {"InService", "SystemUpdating"}:
                play.status = "SystemUpdating" if updating else "InService"
            return
        if doing.failing or doing.ending or self._goes_on(doing):
            return
        doing.ending = True
        settled = doing.began + timedelta(seconds=(SETTLED if doing.verb == "creation" else 0.0) * doing.pace)
        play.at(max(settled, play.now + timedelta(seconds=SETTLES_AFTER * doing.pace)), lambda: self._end(doing))

    def stop(self) -> None:
        """Pursue nothing any more."""
        self._doing = None

    def _goes_on(self, doing: _Undertaking) -> bool:
        fresh = (node for node in self._play.newest() if node not in doing.nodes)
        if any(node.status != "Running" for node in fresh):
            return True
        nodes = list(self._play.nodes())
        leaving = [node for node in nodes if node.closing]
        waiting = [node for node in leaving if node.status != "ShuttingDown"]
        life.close_all(self._play, waiting, self._play.cluster.operation_id(doing.number))
        return bool(leaving)

    def _end(self, doing: _Undertaking) -> None:
        if self._doing is doing:
            self._doing = None
            self._play.status = "InService"
            for group in self._play.groups.values():
                group.ready = True
            self._tell(doing, "completed successfully")
            self._play.settle()

    def _roll_back(self, doing: _Undertaking, message: str) -> None:
        if self._doing is not doing:
            return
        play = self._play
        play.status, play.failure = "RollingBack", message
        for node in play.nodes():
            if node not in doing.nodes:
                node.turn += 1
                node.closing, node.status = True, "ShuttingDown"
                node.counted = node.instance_id is not None
        self._tell(doing, "failed")

    def _rolled_back(self, doing: _Undertaking) -> None:
        if self._doing is not doing:
            return
        play = self._play
        self._doing = None
        for group in play.groups.values():
            group.nodes = [node for node in group.nodes if node in doing.nodes]
            group.deleting = False
            for node in group.nodes:
                node.closing = False
        if doing.verb == "creation":
            play.status = "Failed"
            for part in play.operations[0].parts.values():
                part.status = DONE
            return
        play.groups = dict(doing.known)
        for name, spec in doing.specs.items():
            play.groups[name].spec = spec
        play.status = "InService"
        play.settle()

    def _tell(self, doing: _Undertaking, what: str) -> None:
        text = f"Cluster {self._play.cluster.name} {doing.verb} {what}"
        self._play.tell(text, operation=self._play.cluster.operation_id(doing.number))
