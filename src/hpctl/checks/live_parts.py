"""What runs on a live cluster for jobs: operators, kinds of jobs, device plugins, the health agent, the queues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.catalog.instance_types import InstanceType, instance_type
from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.eks_addons import AGENT, AGENT_NAMESPACE, UPGRADE, chart_commands
from hpctl.checks.live import eks_of, nodes_of, subject_of
from hpctl.errors import NotFoundError
from hpctl.facts.jobs import GOVERNANCE
from hpctl.facts.kubernetes import ClusterOnEks, Workload
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.terms import AcceleratorKind

_WORKLOADS = ("eks:DescribeCluster", "kubernetes:daemonsets.apps", "kubernetes:deployments.apps")
_CRDS = "kubernetes:customresourcedefinitions.apiextensions.k8s.io"

OPERATORS = ("training-operator", "hp-training-operator")
"""Parts of the names of the Kubeflow training operator's Deployment and of HyperPod's own (aws/sagemaker-hyperpod-cli
3.12.0, helm_chart; EKS add-on amazon-sagemaker-hyperpod-training-operator)."""

JOB_KINDS = {
    "pytorchjobs.kubeflow.org": ("kubeflow.org", "v1"),
    "hyperpodpytorchjobs.sagemaker.amazonaws.com": ("sagemaker.amazonaws.com", "v1"),
}
"""Kinds of training jobs by the names of their definitions, with the group and the version that hpctl writes."""

PLUGINS = {"NVIDIA": "nvidia-device-plugin", "EFA": "efa-k8s-device-plugin", "Neuron": "neuron-device-plugin"}
"""What an instance type has, and what is in the name of the DaemonSet that offers it to pods (helm_chart)."""

OTHER_AGENT = f"{AGENT}-non-nvidia"
"""The health monitoring agent for accelerators that are not NVIDIA's (helm_chart)."""

KUEUE = "kueue.x-k8s.io"


@check(
    "kube-training-operator",
    "a training operator runs",
    needs=("kube-token",),
    reads=_WORKLOADS,
    blocking=False,
)
def training_operator(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """Without its operator a training job is a record that nothing reads: no pods, no events, no error.

    AWS's chart installs the Kubeflow training operator, an add-on HyperPod's own. The chart's tolerates no taint: while
    every node is in a deep health check, it waits for one (aws/sagemaker-hyperpod-cli, PR 449).
    """
    found = [one for one in workloads(live, world, "Deployment") if any(part in one.name for part in OPERATORS)]
    if not found:
        message = "no training operator is installed"
        remedy = _chart(live)
        yield fail(subject_of(live), message, remedy=remedy)
    for one in found:
        if one.ready < one.wanted:
            complain = warn if any(other.ready for other in found) else fail
            yield complain(str(one), "is not ready", count(one), remedy=look(one))


@check(
    "kube-job-kinds",
    "Kubernetes knows a kind of training jobs",
    needs=("kube-token",),
    reads=("eks:DescribeCluster", "kubernetes:apigroups", _CRDS),
    blocking=False,
)
def job_kinds(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """PyTorchJobs come with AWS's chart, HyperPodPyTorchJobs with the add-on of HyperPod's training operator."""
    cluster = eks_of(live, world)
    defined, served = world.custom_resources(cluster), world.api_versions(cluster)
    known = {name: place for name, place in JOB_KINDS.items() if name in defined}
    if not known:
        evidence = (f"missing: CustomResourceDefinition {name}" for name in JOB_KINDS)
        remedy = _chart(live)
        yield fail(subject_of(live), "Kubernetes knows no kind of training jobs", *evidence, remedy=remedy)
    for name, (group, version) in known.items():
        if version not in (versions := served.get(group, ())):
            yield fail(
                f"CustomResourceDefinition/{name}",
                f"version `{version}` of `{group}` is not served",
                f"served: {', '.join(versions) or 'none'}",
                remedy=_chart(live),
            )


@check(
    "kube-device-plugins",
    "device plugins run for the accelerators and EFA of the nodes",
    needs=("kube-token",),
    reads=("sagemaker:DescribeCluster", *_WORKLOADS, "kubernetes:nodes"),
    blocking=False,
)
def device_plugins(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """A node's accelerators and EFA interfaces can be asked for when a device plugin has told of them.

    Each plugin is a DaemonSet with a list of instance types. New types have been missing from these lists: then the
    plugin runs, but not where it is needed (aws/sagemaker-hyperpod-cli, PR 444).
    """
    cluster = world.cluster(live.name)
    sets = workloads(live, world, "DaemonSet")
    types = sorted({group.instance_type for group in cluster.instance_groups}) if cluster else []
    joined = {node.instance_type for node in nodes_of(live, world)}
    for having, part in PLUGINS.items():
        wanting = [name for name in types if having in devices_of(name)]
        found = [one for one in sets if part in one.name]
        if wanting and not found:
            message = f"no device plugin offers the {having} devices of {', '.join(wanting)}"
            remedy = _chart(live)
            yield fail(subject_of(live), message, f"missing: DaemonSet *{part}*", remedy=remedy)
        elif joined & set(wanting) and not any(one.wanted for one in found):
            message = f"runs on no node, and there are nodes with {having}: {', '.join(wanting)}"
            yield fail(str(found[0]), message, remedy=f"add the types to its node affinity\n{_edit(found[0])}")
        yield from _unready(found)
    for name in (name for name in types if _known(name) is None):
        yield note(f"instance type/{name}", "is not in hpctl's catalogue: what it needs is not judged")


@check(
    "kube-health-agent",
    "HyperPod's health monitoring agent runs",
    needs=("kube-token",),
    reads=("sagemaker:DescribeCluster", *_WORKLOADS),
    blocking=False,
)
def health_agent(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """The agent sees failing accelerators and labels their nodes, so that HyperPod repairs them and jobs resume.

    There are two, for NVIDIA's accelerators and for others, and a cluster needs those of its instance types.
    """
    agents = [one for one in workloads(live, world, "DaemonSet") if AGENT in one.name]
    found = [one for one in agents if one.namespace == AGENT_NAMESPACE]
    cluster = world.cluster(live.name)
    having = {each for group in cluster.instance_groups for each in devices_of(group.instance_type)} if cluster else ()
    others = [one for one in found if OTHER_AGENT in one.name]
    missing = [
        f"missing: DaemonSet {AGENT_NAMESPACE}/*{name}*, for {whose}"
        for whose, name, there in (("NVIDIA", AGENT, len(found) > len(others)), ("Neuron", OTHER_AGENT, others))
        if whose in having and not there
    ]
    if not found or missing:
        evidence = missing or [f"missing: DaemonSet {AGENT_NAMESPACE}/*{AGENT}*"]
        message = "the health monitoring agent is not installed"
        yield fail(subject_of(live), message, *evidence, remedy=_chart(live))
    yield from _unready(found)


@check(
    "kube-task-governance",
    "task governance works, where it is installed",
    needs=("kube-token",),
    reads=(*_WORKLOADS, "eks:ListAddons", "eks:DescribeAddon", "kubernetes:apigroups"),
    blocking=False,
)
def task_governance(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """Task governance is Kueue, from an EKS add-on.

    While its controller is away, every job in a queue stays suspended.
    """
    cluster, region = eks_of(live, world), world.identity().region
    installed = any(addon.name == GOVERNANCE for addon in world.eks_addons(cluster.name))
    served = KUEUE in world.api_versions(cluster)
    describe = f"aws eks describe-addon --region {region} --cluster-name {cluster.name} --addon-name {GOVERNANCE}"
    if installed and not served:
        message = f"the add-on is installed, and Kubernetes does not serve `{KUEUE}`"
        yield fail(f"EKS add-on/{GOVERNANCE}", message, remedy=f"{describe} --query addon.health")
    if not served:
        return
    found = [one for one in workloads(live, world, "Deployment") if "kueue-controller" in one.name]
    if not found:
        message = f"`{KUEUE}` is served, and no controller of Kueue is there"
        yield fail(subject_of(live), message, remedy="install the add-on again, or remove Kueue's definitions")
    for one in found:
        if not one.ready:
            yield fail(str(one), "is not ready: jobs in queues stay suspended", count(one), remedy=look(one))


def _chart(live: ClusterOnEks) -> str:
    return chart_commands(f"hpctl cluster connect {live.name} --set-current", UPGRADE)


def workloads(live: ClusterOnEks, world: World, kind: str) -> list[Workload]:
    """Return the workloads of a kind, `Deployment` or `DaemonSet`."""
    return [one for one in world.workloads(eks_of(live, world)) if one.kind == kind]


def _unready(found: Iterable[Workload]) -> Iterator[Finding]:
    for one in found:
        if one.ready < one.wanted:
            yield warn(str(one), "is not ready on every node", count(one), remedy=look(one))


def _known(name: str) -> InstanceType | None:
    try:
        return instance_type(name)
    except NotFoundError:
        return None


def devices_of(name: str) -> frozenset[str]:
    """Return what an instance type has, in the words of `PLUGINS`; nothing for a type that is not known."""
    known = _known(name)
    if known is None:
        return frozenset()
    kinds = {AcceleratorKind.NVIDIA: "NVIDIA", AcceleratorKind.NEURON: "Neuron"}
    accelerator = kinds.get(known.accelerator_kind)
    return frozenset(one for one in (accelerator, "EFA" if known.has_efa else None) if one)


def count(one: Workload) -> str:
    """Return how many pods of it are ready, as evidence."""
    return f"ready: {one.ready} of {one.wanted}"


def look(one: Workload) -> str:
    """Return the command that tells more of it."""
    return f"kubectl describe {one.kind.lower()} {one.name} --namespace {one.namespace}"


def _edit(one: Workload) -> str:
    return f"kubectl edit {one.kind.lower()} {one.name} --namespace {one.namespace}"
