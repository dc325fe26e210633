"""What the EKS cluster runs before HyperPod comes: add-ons for every node, and AWS's Helm chart for HyperPod."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.eks import named_cluster
from hpctl.facts.records import Addon
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Orchestrator

CORE = ("vpc-cni", "kube-proxy", "coredns")
POD_IDENTITY = "eks-pod-identity-agent"

_DAEMON_SET_OF = {"vpc-cni": "aws-node", "kube-proxy": "kube-proxy"}

LEAST_CNI = (1, 18, 3)
"""The oldest VPC CNI that HyperPod supports (AWS documentation, SageMaker HyperPod on EKS)."""

_RUNS = ("ACTIVE", "DEGRADED", "UPDATE_FAILED")
"""Statuses of an add-on that is there; coredns is DEGRADED for as long as a cluster has no nodes."""

_COMES = ("CREATING", "UPDATING")

AGENT = "health-monitoring-agent"
AGENT_NAMESPACE = "aws-hyperpod"
DAEMON_SETS = ("nvidia-device-plugin", "aws-efa-k8s-device-plugin", "neuron-device-plugin")
CUSTOM_RESOURCES = ("pytorchjobs.kubeflow.org", "mpijobs.kubeflow.org")
"""Parts of the chart that are on unless somebody switches them off (aws/sagemaker-hyperpod-cli, helm_chart). What is
before and after these names of DaemonSets differs by release name and version."""

UPGRADE = "upgrade --install --reuse-values"
"""helm's verb for a chart that may be there already."""

_CHART = "sagemaker-hyperpod-cli/helm_chart/HyperPodHelmChart"
_AT = ("orchestrator", "eks")


@check(
    "eks-addon-core",
    "the EKS cluster has the add-ons that nodes need",
    about=("orchestrator",),
    needs=("eks-cluster-active",),
    reads=("eks:DescribeCluster", "eks:ListAddons", "eks:DescribeAddon", "kubernetes:daemonsets.apps"),
    only_on=Orchestrator.EKS,
)
def addon_core(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Pods get their network from vpc-cni (1.18.3 or newer), kube-proxy and coredns.

    EKS puts all three into a new cluster unless told otherwise, as self-managed ones, which its API does not list. So
    where one is missing there, the check looks into Kubernetes, for the DaemonSets of two; coredns, which is none, is
    taken to be with them. A degraded add-on counts as there: coredns stays so until the first node comes.
    """
    name, region, addons = _addons(spec, world)
    if name is None:
        return
    self_managed = _self_managed(spec, world, addons)
    for wanted in CORE:
        addon = addons.get(wanted)
        subject = f"EKS add-on/{wanted}"
        if wanted in self_managed:
            continue
        if addon is None:
            yield fail(
                subject, f"EKS cluster `{name}` has no add-on `{wanted}`", remedy=_make(name, wanted, region), at=_AT
            )
        elif addon.status in _COMES:
            yield fail(subject, f"add-on `{wanted}` is `{addon.status}`", remedy=_wait(name, wanted, region), at=_AT)
        elif addon.status not in _RUNS:
            yield fail(subject, f"add-on `{wanted}` is `{addon.status}`", remedy=_update(name, wanted, region), at=_AT)
        elif wanted == "vpc-cni" and (found := _version(addon)) and found < LEAST_CNI:
            yield fail(
                subject,
                f"version `{addon.version}` of `vpc-cni` is older than HyperPod supports",
                "needed: 1.18.3 or newer",
                remedy=_update(name, wanted, region),
                at=_AT,
            )


@check(
    "eks-addon-pod-identity",
    "pods can get AWS credentials",
    about=("orchestrator",),
    needs=("eks-cluster-active",),
    reads=("eks:DescribeCluster", "eks:ListAddons", "eks:DescribeAddon"),
    blocking=False,
    only_on=Orchestrator.EKS,
)
def addon_pod_identity(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """On HyperPod nodes pods reach the instance metadata service in the host's network only.

    Credentials of their own come from EKS Pod Identity, whose agent is an add-on; HyperPod's add-ons use it, too.
    """
    name, region, addons = _addons(spec, world)
    if name is None:
        return
    addon = addons.get(POD_IDENTITY)
    if addon is None:
        message = f"EKS cluster `{name}` has no Pod Identity agent"
        yield warn(f"EKS add-on/{POD_IDENTITY}", message, remedy=_make(name, POD_IDENTITY, region), at=_AT)
    elif addon.status not in (*_RUNS, *_COMES):
        remedy = _update(name, POD_IDENTITY, region)
        yield warn(f"EKS add-on/{POD_IDENTITY}", f"the add-on is `{addon.status}`", remedy=remedy, at=_AT)


@check(
    "eks-addon-health",
    "no add-on of the EKS cluster reports a fault",
    about=("orchestrator",),
    needs=("eks-cluster-active",),
    reads=("eks:DescribeCluster", "eks:ListAddons", "eks:DescribeAddon"),
    blocking=False,
    only_on=Orchestrator.EKS,
)
def addon_health(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """EKS tells what it finds wrong with an add-on; the sentences here are its own."""
    name, region, addons = _addons(spec, world)
    for addon in addons.values():
        if addon.status in ("DEGRADED", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED") or addon.issues:
            look = f"aws eks describe-addon --region {region} --cluster-name {name} --addon-name {addon.name}"
            yield warn(
                f"EKS add-on/{addon.name}",
                f"the add-on is `{addon.status}`",
                *addon.issues,
                remedy=f"{look} --query addon.health",
                at=_AT,
            )


@check(
    "eks-addon-versions",
    "the add-ons' versions go with the EKS cluster's Kubernetes",
    about=("orchestrator",),
    needs=("eks-cluster-active",),
    reads=("eks:DescribeCluster", "eks:ListAddons", "eks:DescribeAddon", "eks:DescribeAddonVersions"),
    blocking=False,
    only_on=Orchestrator.EKS,
)
def addon_versions(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Add-ons stay as they are when EKS upgrades Kubernetes. One that is too old for it fails at the next change.

    EKS tells which versions of an add-on go with which Kubernetes.
    """
    cluster = named_cluster(spec, world)
    name, region, addons = _addons(spec, world)
    if cluster is None or name is None:
        return
    fitting = world.addon_versions(cluster, addons)
    for addon in addons.values():
        versions = fitting.get(addon.name, ())
        if versions and addon.version and addon.version not in versions:
            update = f"aws eks update-addon --region {region} --cluster-name {name} --addon-name {addon.name}"
            yield warn(
                f"EKS add-on/{addon.name}",
                f"version `{addon.version}` is not for Kubernetes {cluster.version}",
                f"newest that is: {versions[0]}",
                remedy=f"{update} --addon-version {versions[0]} --resolve-conflicts PRESERVE",
                at=_AT,
            )


@check(
    "eks-helm-deps",
    "the EKS cluster has AWS's Helm chart for HyperPod",
    about=("orchestrator",),
    needs=("eks-cluster-active",),
    reads=(
        "eks:DescribeCluster",
        "kubernetes:daemonsets.apps",
        "kubernetes:customresourcedefinitions.apiextensions.k8s.io",
    ),
    blocking=False,
    only_on=Orchestrator.EKS,
)
def helm_dependencies(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """CreateCluster refuses an EKS cluster without the chart `hyperpod-dependencies`.

    The chart is known by what it runs, since releases are named as people like: the health monitoring agent, which
    fails this check when it is missing, and parts that can be switched off on purpose (device plugins, the operators
    of training and MPI jobs), which are warned about.

    This looks into Kubernetes itself, as the caller: it takes an access entry that may list DaemonSets and custom
    resource definitions. A private endpoint does not answer a laptop. So not being able to look is told as `unknown`
    and does not stop a create; AWS still judges.
    """
    cluster = named_cluster(spec, world)
    if cluster is None:
        return
    found, kinds = world.daemon_sets(cluster), world.custom_resources(cluster)
    missing = [f"DaemonSet *{part}*" for part in DAEMON_SETS if not any(part in name for _namespace, name in found)]
    missing += [f"CustomResourceDefinition {kind}" for kind in CUSTOM_RESOURCES if kind not in kinds]
    subject = f"EKS cluster/{cluster.name}"
    access = f"aws eks update-kubeconfig --region {world.identity().region} --name {cluster.name}"
    if not any(AGENT in name for namespace, name in found if namespace == AGENT_NAMESPACE):
        message = "the Helm chart `hyperpod-dependencies` is not installed"
        agent = f"DaemonSet *{AGENT}* in namespace {AGENT_NAMESPACE}"
        remedy = chart_commands(access, "install")
        yield fail(subject, message, *_lacking(agent, *missing), remedy=remedy, at=_AT)
    elif missing:
        upgrade = chart_commands(access, UPGRADE)
        remedy = f"unless they are off on purpose\n{upgrade}"
        message = "parts of the Helm chart `hyperpod-dependencies` are missing"
        yield warn(subject, message, *_lacking(*missing), remedy=remedy, at=_AT)


def _self_managed(spec: ClusterSpec, world: World, addons: Mapping[str, Addon]) -> set[str]:
    """Name the core add-ons that run without EKS; Kubernetes is only asked where EKS does not list them all."""
    missing = set(CORE) - addons.keys()
    cluster = named_cluster(spec, world) if missing else None
    if cluster is None:
        return set()
    sets = world.daemon_sets(cluster)
    running = {addon for addon, daemon_set in _DAEMON_SET_OF.items() if ("kube-system", daemon_set) in sets}
    return missing & (set(CORE) if running - addons.keys() == _DAEMON_SET_OF.keys() else running)


def _lacking(*parts: str) -> Iterator[str]:
    return (f"missing: {part}" for part in parts)


def chart_commands(access: str, verb: str) -> str:
    """Return the commands that install AWS's chart, or upgrade it: helm's `verb`; `access` lets kubectl and helm in."""
    return "\n".join(
        (
            access,
            "git clone https://github.com/aws/sagemaker-hyperpod-cli.git",
            f"helm dependency update {_CHART}",
            f"helm {verb} hyperpod-dependencies {_CHART} --namespace kube-system",
        )
    )


def _addons(spec: ClusterSpec, world: World) -> tuple[str | None, str, dict[str, Addon]]:
    cluster = named_cluster(spec, world)
    if cluster is None:
        return None, "", {}
    addons = world.eks_addons(cluster.name)
    return cluster.name, world.identity().region, {addon.name: addon for addon in addons}


def _version(addon: Addon) -> tuple[int, ...] | None:
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", addon.version)
    return tuple(map(int, found.groups())) if found else None


def _make(cluster: str, addon: str, region: str) -> str:
    return f"aws eks create-addon --region {region} --cluster-name {cluster} --addon-name {addon}"


def _update(cluster: str, addon: str, region: str) -> str:
    versions = f"aws eks describe-addon-versions --region {region} --addon-name {addon}"
    newest = f"{versions} --query 'addons[0].addonVersions[0].addonVersion' --output text"
    update = f"aws eks update-addon --region {region} --cluster-name {cluster} --addon-name {addon}"
    return f'{update} --addon-version "$({newest})" --resolve-conflicts PRESERVE'


def _wait(cluster: str, addon: str, region: str) -> str:
    return f"aws eks wait addon-active --region {region} --cluster-name {cluster} --addon-name {addon}"
