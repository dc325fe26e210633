"""Why a job does not run: its queue, its nodes, its images, its volumes, its operator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from hpctl import timeouts
from hpctl.catalog.matching import match_job
from hpctl.errors import AccessError
from hpctl.facts.jobs import BATCH_JOB, ContainerState, Job, JobState, KubernetesEvent, Pod
from hpctl.facts.ports import Ports
from hpctl.report.cluster import Diagnosis
from hpctl.services.job.agents import why_not_begun
from hpctl.services.job.claims import why_without_volumes
from hpctl.services.job.queued import why_queued
from hpctl.services.job.shape import has_made_pods, queue, suspended
from hpctl.services.job.unscheduled import Surroundings, commonest, refusal, why_unscheduled
from hpctl.services.job.where import Where

_IMAGE: Final = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
_CONFIG: Final = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError")
_STARTING: Final = ("ContainerCreating", "PodInitializing")
_MOUNT: Final = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")
_NETWORK: Final = ("FailedCreatePodSandBox", "NetworkNotReady")


def why_not_running(
    job: Job, pods: Sequence[Pod], events: Sequence[KubernetesEvent], at: Where, ports: Ports
) -> Iterator[Diagnosis]:
    """Yield what keeps a job, or some of its pods, from running, the most telling first; nothing when all is well."""
    if job.state.final:
        return
    if suspended(job) or (job.state is JobState.QUEUED and queue(job)):
        yield from why_queued(job, at, ports.jobs)
        return
    if not pods:
        if job.state is JobState.PENDING and not has_made_pods(job):
            yield from _without_pods(job, events, ports.clock.now())
        return
    waiting = [pod for pod in pods if pod.node is None and pod.phase == "Pending"]
    if said := [words for pod in waiting if (words := refusal(pod))]:
        unmounted = tuple(why_without_volumes(job, commonest(said), at, ports.jobs))
        yield from unmounted or why_unscheduled(job, waiting, _around(at, ports), at)
    yield from _starting(job, pods, events)
    yield from why_not_begun(job, pods, ports.clock.now())


def _around(at: Where, ports: Ports) -> Surroundings:
    try:
        nodes = ports.kubernetes.nodes(at.eks)
    except AccessError:
        nodes = ()
    try:
        pods = tuple(ports.jobs.pods(at.eks, None))
    except AccessError:
        pods = tuple(ports.jobs.pods(at.eks, at.namespace))
    return Surroundings(nodes, pods)


def _without_pods(job: Job, events: Iterable[KubernetesEvent], now: datetime) -> Iterator[Diagnosis]:
    refused = [event for event in events if event.type == "Warning" and event.about_uid == job.uid]
    if refused:
        yield Diagnosis(
            subject=job.reference,
            message=f"no pods were made: {refused[-1].message}",
            cause=_cause_of_refusal(refused[-1].message),
            remedy=f"kubectl describe {job.reference} --namespace {job.namespace}",
        )
    elif (now - job.created).total_seconds() > timeouts.JOB_UNTOUCHED_S:
        runs = "Kubernetes' job controller" if job.kind == BATCH_JOB else f"the operator of {job.kind.kind}s"
        yield Diagnosis(
            subject=job.reference,
            message=f"no pods were made in {timeouts.JOB_UNTOUCHED_S:.0f} s",
            cause=f"{runs} does not run, or waits for a node itself",
            remedy="kubectl get pods --all-namespaces --selector app.kubernetes.io/name=training-operator",
        )


def _cause_of_refusal(message: str) -> str | None:
    lower = message.lower()
    if "exceeded quota" in lower:
        return "a ResourceQuota of the namespace is used up"
    if "podsecurity" in lower:
        return "the namespace's Pod Security level does not allow such pods"
    if "admission webhook" in lower or "denied the request" in lower:
        return "a policy of the cluster does not allow such pods"
    if "serviceaccount" in lower:
        return "the service account that the job names does not exist"
    return None


def _starting(job: Job, pods: Iterable[Pod], events: Sequence[KubernetesEvent]) -> Iterator[Diagnosis]:
    """Yield what keeps containers from starting, the same of several pods once."""
    found: defaultdict[tuple[str, str], list[Pod]] = defaultdict(list)
    for pod in pods:
        for one in (*pod.init_containers, *pod.containers):
            if not one.running and one.exit_code is None and one.reason:
                found[one.reason, _said(one, pod, events)].append(pod)
    for (reason, said), affected in found.items():
        cause = _cause(reason, said, events, affected)
        if reason in _STARTING and cause is None:
            continue
        first = affected[0]
        who = f"rank {first.rank}" if first.rank is not None else f"pod {first.name}"
        more = f" and {len(affected) - 1} more" if len(affected) > 1 else ""
        yield Diagnosis(
            subject=job.reference,
            message=f"{who}{more} is in `{reason}`" + (f": {said}" if said else ""),
            cause=cause,
            remedy=f"kubectl describe pod {first.name} --namespace {job.namespace}",
            failure=known.id if reason in _IMAGE and (known := match_job(said)) else None,
        )


def _said(one: ContainerState, pod: Pod, events: Iterable[KubernetesEvent]) -> str:
    """Return the words about a container that waits; a back-off tells less than the failure that it follows."""
    wanted: tuple[str, ...] = ()
    if one.reason in _IMAGE:
        wanted = ("Failed",)
    elif one.reason in _STARTING:
        wanted = (*_MOUNT, *_NETWORK)
    told = [event.message for event in events if event.about_uid == pod.uid and event.reason in wanted]
    telling = [text for text in told if text.lower().startswith("failed to pull")] or told
    return telling[-1] if telling else one.message


def _cause(reason: str, said: str, events: Iterable[KubernetesEvent], affected: Sequence[Pod]) -> str | None:
    lower = said.lower()
    if reason in _IMAGE:
        known = match_job(said)
        return known.cause if known else "the image cannot be pulled"
    if reason in _CONFIG:
        missing = "a ConfigMap, a Secret or a key that the container names does not exist"
        return missing if "not found" in lower or "couldn't find" in lower else None
    if reason == "CrashLoopBackOff":
        return "the container ends as soon as it is started, and Kubernetes waits longer each time"
    uids = {pod.uid for pod in affected}
    reasons = {event.reason for event in events if event.about_uid in uids}
    if reasons & set(_MOUNT):
        return "a volume cannot be mounted: its claim, its storage driver, or the way to the file system is missing"
    if reasons & set(_NETWORK):
        return "the node gave the pod no address: the subnet has no free ones, or the VPC CNI does not run"
    return None
