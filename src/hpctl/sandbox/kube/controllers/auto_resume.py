"""HyperPod's auto-resume of PyTorchJobs: when a node of a job is lost, all of its pods begin anew.

A job asks for it by two annotations, and gets it as often as the second says (AWS documentation, "Resiliency features
for HyperPod on EKS"; its Helm chart lets the service delete pods and patch jobs). How often it has happened is kept in
an annotation of the sandbox's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.node_objects import HEALTH
from hpctl.sandbox.kube.controllers.owners import controller_of, is_going, key_of, owned
from hpctl.sandbox.kube.controllers.pytorch_status import FAILED, SUCCEEDED, is_true
from hpctl.sandbox.kube.controllers.pytorchjobs import RESOURCE
from hpctl.sandbox.kube.controllers.recorder import Recorder
from hpctl.sandbox.kube.resources import PatchType
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hpctl.sandbox.kube.controllers.loop import Key
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Event, Object

MANAGER: Final = "hyperpod-auto-resume"
ENABLED: Final = "sagemaker.amazonaws.com/enable-job-auto-resume"
MOST: Final = "sagemaker.amazonaws.com/job-max-retry-count"
COUNT: Final = "sandbox.hpctl/auto-resume-count"
_BAD: Final = frozenset({"UnschedulablePendingReboot", "UnschedulablePendingReplacement"})


class AutoResume:
    """Looks at the jobs whose pods were on a node when that node turns bad or goes."""

    def __init__(self, api: Api) -> None:
        """Take the cluster's API."""
        self._api = api
        self._pods, self._nodes = api.resource("v1", "Pod"), api.resource("v1", "Node")
        self._recorder = Recorder(api, MANAGER)
        self.watches = (self._nodes,)

    def keys(self, event: Event) -> Iterator[Key]:
        """Yield the jobs that a node's turn to the bad strikes."""
        if event.before is None or not (event.change == "DELETED" or _is_bad(event.object)) or _is_bad(event.before):
            return
        name = event.object["metadata"]["name"]
        for pod in self._api.list(self._pods, fields=f"spec.nodeName={name}"):
            owner = controller_of(pod)
            if owner is not None and owner["kind"] == RESOURCE.kind:
                yield pod["metadata"]["namespace"], owner["name"]

    def reconcile(self, key: Key) -> None:
        """Let all pods of a job begin anew, unless that has happened often enough."""
        try:
            job = self._api.get(RESOURCE, *key)
        except StatusError:
            return
        told, status = job["metadata"].get("annotations") or {}, job.get("status") or {}
        count = int(told.get(COUNT, 0))
        over = is_true(status, SUCCEEDED) or is_true(status, FAILED)
        if told.get(ENABLED) != "true" or count >= int(told.get(MOST, 0)) or over or is_going(job):
            return
        patch = {"metadata": {"annotations": {COUNT: str(count + 1)}}}
        self._api.patch(RESOURCE, *key, patch, manager=MANAGER, kind=PatchType.MERGE)
        message = f"Restarting all pods of the job because a node of it is being repaired ({count + 1} of {told[MOST]})"
        self._recorder.warning(job, "AutoResume", message)
        self._restart(job)

    def _restart(self, job: Object) -> None:
        for pod in owned(self._api, self._pods, job):
            namespace, name = key_of(pod)
            grace = 0 if self._is_lost(pod) else None
            self._api.delete(self._pods, namespace, name, grace_s=grace, uid=pod["metadata"]["uid"])

    def _is_lost(self, pod: Object) -> bool:
        """Whether a pod's node answers no more: then nobody would confirm its end."""
        name = pod["spec"].get("nodeName")
        try:
            node = self._api.get(self._nodes, None, name) if name else None
        except StatusError:
            return True
        return node is not None and _is_bad(node)


def _is_bad(node: Object) -> bool:
    return (node["metadata"].get("labels") or {}).get(HEALTH) in _BAD
