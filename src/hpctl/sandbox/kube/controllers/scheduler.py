"""The scheduler: gives pods nodes, the most urgent first, or says why it cannot, in the words of Kubernetes' own.

It evicts nobody for a pod of higher priority. Of the nodes that would do it takes the one that the pod likes best,
then the emptiest, then the first by name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.affinity import (
    UNTOGETHER,
    attraction,
    preference,
    repelled,
    repelled_by,
    selects,
    shuns,
    untolerated,
)
from hpctl.sandbox.kube.controllers.claims import unclaimed
from hpctl.sandbox.kube.controllers.conditions import condition_of, with_condition
from hpctl.sandbox.kube.controllers.owners import is_going
from hpctl.sandbox.kube.controllers.quantities import Amounts, amounts, requests, total
from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.resources import PatchType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object

MANAGER: Final = "default-scheduler"
FINISHED: Final = frozenset({"Succeeded", "Failed"})
_ALL: Final = ("", "")
# Some milliseconds' worth of pods.
_AT_ONCE: Final = 4
_UNSCHEDULABLE: Final = "node(s) were unschedulable"


@dataclass(frozen=True)
class Refusal:
    """Why a node is not for a pod; `final` when it would not be with fewer pods on it either."""

    reasons: tuple[str, ...]
    final: bool


@dataclass
class Room:
    """The nodes, the pods on them, what each offers and what of it is taken; `shunning` are pods that keep others off.

    All of it is looked up again and again for each pod that waits.
    """

    nodes: dict[str, Object]
    offered: dict[str, Amounts]
    taken: dict[str, Amounts]
    pods: defaultdict[str, list[Object]] = field(default_factory=lambda: defaultdict(list))
    shunning: list[tuple[str, Object]] = field(default_factory=list)

    @classmethod
    def of(cls, nodes: Iterable[Object], pods: Iterable[Object]) -> Room:
        """Look at what there is."""
        named = {node["metadata"]["name"]: node for node in nodes}
        offered = {name: amounts(node.get("status", {}).get("allocatable")) for name, node in named.items()}
        found = cls(named, offered, dict.fromkeys(named, Amounts()))
        for pod in pods:
            if pod["spec"].get("nodeName") in named and _phase(pod) not in FINISHED:
                found.put(pod, pod["spec"]["nodeName"])
        return found

    def put(self, pod: Object, name: str) -> None:
        """Count a pod on a node."""
        self.pods[name].append(pod)
        self.taken[name] = total((self.taken[name], requests(pod)))
        if shuns(pod):
            self.shunning.append((name, pod))

    def refusal(self, pod: Object, wanted: Amounts, name: str) -> Refusal | None:
        """Return why a pod that wants so much cannot go to a node, None when it can."""
        node = self.nodes[name]
        if node["spec"].get("unschedulable"):
            return Refusal((_UNSCHEDULABLE,), final=True)
        if taint := untolerated(pod, node):
            told = f"{{{taint['key']}: {taint.get('value', '')}}}"
            return Refusal((f"node(s) had untolerated taint {told}",), final=True)
        if not selects(pod, node):
            return Refusal(("node(s) didn't match Pod's node affinity/selector",), final=True)
        if short := tuple(self._short(wanted, name)):
            return Refusal(short, final=False)
        if why := repelled(pod, node, self.pods, self.nodes) or repelled_by(self.shunning, pod, node, self.nodes):
            return Refusal((why,), final=why == UNTOGETHER)
        return None

    def choose(self, pod: Object, wanted: Amounts, names: Iterable[str]) -> str:
        """Return the best of the nodes that would do."""
        return min(names, key=lambda name: (-self._liking(pod, name), self._fullness(wanted, name), name))

    def _short(self, wanted: Amounts, name: str) -> Iterator[str]:
        offered, taken = self.offered[name], self.taken[name]
        for resource, asked in wanted.items():
            if asked and taken.get(resource, 0) + asked > offered.get(resource, 0):
                yield "Too many pods" if resource == "pods" else f"Insufficient {resource}"

    def _liking(self, pod: Object, name: str) -> int:
        node = self.nodes[name]
        shunned = untolerated(pod, node, ("PreferNoSchedule",)) is not None
        return preference(pod, node) + attraction(pod, node, self.pods, self.nodes) - 100 * shunned

    def _fullness(self, wanted: Amounts, name: str) -> Decimal:
        offered, taken = self.offered[name], self.taken[name]
        shares = [(taken.get(each, 0) + wanted[each]) / offered[each] for each in wanted if offered.get(each)]
        return max(shares, default=Decimal())


class Scheduler:
    """Looks at all pods that wait whenever a pod or a node has changed in a way that matters."""

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._api = api
        self._pods, self._nodes = api.resource("v1", "Pod"), api.resource("v1", "Node")
        self._claims = api.resource("v1", "PersistentVolumeClaim")
        self._classes = api.resource("storage.k8s.io/v1", "StorageClass")
        self._recorder = Recorder(api, MANAGER)
        self._changed = False
        self._round: list[str] = []
        self.watches = (self._pods, self._nodes, self._claims, self._classes)

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the one key there is, when a pod begins to wait, resources are freed, or a node is another."""
        if event.before is None or event.change == "DELETED" or _matters(event.object, event.before):
            self._changed = True
            yield _ALL

    def reconcile(self, key: Key) -> float | None:  # noqa: ARG002 - all pods are one key
        """Give some of the pods that wait a node, if there is one for them; the others of a round have their turn next.

        When something has changed meanwhile, another round follows.
        """
        pods = self._api.list(self._pods)
        if self._changed and not self._round:
            self._changed = False
            self._round = [pod["metadata"]["uid"] for pod in sorted(filter(_waits, pods), key=_turn)]
        due, self._round = self._round[:_AT_ONCE], self._round[_AT_ONCE:]
        waiting = {pod["metadata"]["uid"]: pod for pod in pods if _waits(pod)}
        if due:
            room = Room.of(self._api.list(self._nodes), pods)
            for uid in due:
                if uid in waiting:
                    self._schedule(waiting[uid], room)
        return 0.0 if self._round or self._changed else None

    def _schedule(self, pod: Object, room: Room) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if why := self._unclaimed(pod):
            self._refuse(pod, _told([Refusal((why,), final=True)] * len(room.nodes), counted=False))
            return
        wanted = requests(pod)
        refusals = {node: room.refusal(pod, wanted, node) for node in room.nodes}
        fit = [node for node, refusal in refusals.items() if refusal is None]
        if not fit:
            self._refuse(pod, _told([refusal for refusal in refusals.values() if refusal is not None]))
            return
        chosen = room.choose(pod, wanted, fit)
        room.put(self._api.bind(namespace, name, chosen), chosen)
        told = f"Successfully assigned {namespace}/{name} to {chosen}"
        self._recorder.normal(pod, "Scheduled", told)

    def _unclaimed(self, pod: Object) -> str | None:
        if not any("persistentVolumeClaim" in volume for volume in pod["spec"].get("volumes") or ()):
            return None
        claims = {one["metadata"]["name"]: one for one in self._api.list(self._claims, pod["metadata"]["namespace"])}
        return unclaimed(pod, claims, {one["metadata"]["name"] for one in self._api.list(self._classes)})

    def _refuse(self, pod: Object, message: str) -> None:
        old = condition_of(pod, "PodScheduled")
        if old is not None and old.get("message") == message:
            return
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": message,
            "lastProbeTime": None,
        }
        conditions = with_condition(pod.get("status", {}).get("conditions") or (), condition, self._api.now)
        metadata, patch = pod["metadata"], {"status": {"conditions": conditions}}
        self._api.patch(
            self._pods,
            metadata["namespace"],
            metadata["name"],
            patch,
            manager=MANAGER,
            kind=PatchType.MERGE,
            subresource="status",
        )
        self._recorder.warning(pod, "FailedScheduling", message)


def _turn(pod: Object) -> tuple[int, str, int]:
    metadata = pod["metadata"]
    return -(pod["spec"].get("priority") or 0), metadata["creationTimestamp"], int(metadata["resourceVersion"])


def _matters(found: Object, before: Object) -> bool:
    """Whether a change of a pod or a node lets a pod be scheduled that could not be."""
    if found["kind"] == "Pod" and found["spec"].get("nodeName") and not before["spec"].get("nodeName"):
        return False
    return _looked_at(found) != _looked_at(before)


def _looked_at(found: Object) -> object:
    metadata, status = found["metadata"], found.get("status", {})
    if found["kind"] == "Node":
        return metadata.get("labels"), found["spec"], status.get("allocatable")
    return found["spec"], metadata.get("labels"), _phase(found) in FINISHED


def _waits(pod: Object) -> bool:
    spec = pod["spec"]
    ours = spec.get("schedulerName") in {None, "", MANAGER}
    free = not spec.get("nodeName") and not spec.get("schedulingGates")
    return ours and free and not is_going(pod) and _phase(pod) not in FINISHED


def _phase(pod: Object) -> str:
    return str(pod.get("status", {}).get("phase", "Pending"))


def _told(refusals: list[Refusal], *, counted: bool = True) -> str:
    """Return why no node will do (kubernetes 1.33, pkg/scheduler/framework/types.go and preemption).

    What is against all nodes before any is looked at is not counted.
    """
    if not refusals:
        return "no nodes available to schedule pods"
    reasons = Counter(reason for refusal in refusals for reason in refusal.reasons)
    help_ = Counter(
        "Preemption is not helpful for scheduling" if refusal.final else "No preemption victims found for incoming pod"
        for refusal in refusals
    )
    nodes = f"0/{len(refusals)} nodes are available: "
    said = _counted(reasons) if counted else ", ".join(sorted(reasons))
    return f"{nodes}{said}. preemption: {nodes}{_counted(help_)}."


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
