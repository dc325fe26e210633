"""What the checks of live clusters say: of each a world in which it holds, and the worlds in which it complains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hpctl.facts.kubernetes import Contact, Stage, Workload
from hpctl.report.check import Finding
from hpctl.terms import Outcome
from tests.unit.builders import (
    a_cluster,
    a_finding,
    a_kubernetes_node,
    a_live_group,
    a_node,
    an_access_entry,
    an_addon,
    an_eks_cluster,
    an_identity,
)
from tests.unit.fakes import FakeAccount

FAIL, WARN, PASS, UNKNOWN = Outcome.FAIL, Outcome.WARN, Outcome.PASS, Outcome.UNKNOWN
EKS = "EKS cluster/training"
NODE = "hyperpod-i-0a1b2c3d4e5f60718"
PRINCIPAL = '"$(aws iam get-role --role-name Admin --query Role.Arn --output text)"'
WHERE = f"--region us-west-2 --cluster-name training --principal-arn {PRINCIPAL}"
LET_IN = f"aws eks create-access-entry {WHERE}"
CHART = (
    "hpctl cluster connect ml-cluster --set-current\n"
    "git clone https://github.com/aws/sagemaker-hyperpod-cli.git\n"
    "helm dependency update sagemaker-hyperpod-cli/helm_chart/HyperPodHelmChart\n"
    "helm upgrade --install --reuse-values hyperpod-dependencies sagemaker-hyperpod-cli/helm_chart/HyperPodHelmChart "
    "--namespace kube-system"
)

Happen = Callable[[FakeAccount], object]


@dataclass(frozen=True)
class LiveRow:
    """`case` completes the sentence "<check> <outcome> with …"; `happen` makes it so."""

    check: str
    case: str
    outcome: Outcome
    happen: Happen
    findings: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        return f"{self.check}-{self.outcome}-{self.case}"


def allow(policy: str, scope: str = "type=cluster") -> str:
    arn = f"arn:aws:eks::aws:cluster-access-policy/{policy}"
    return f"aws eks associate-access-policy {WHERE} --policy-arn {arn} --access-scope {scope}"


ADMIN, VIEW = allow("AmazonEKSClusterAdminPolicy"), allow("AmazonEKSAdminViewPolicy")
EDIT = allow("AmazonEKSEditPolicy", "type=namespace,namespaces=team")


def live_account(happen: Happen = lambda _account: None) -> FakeAccount:
    """Return an account with a cluster in which all is well, but for what `happen` does to it."""
    account = FakeAccount()
    account.clusters.add(a_cluster())
    account.clusters.nodes_of["ml-cluster"] = [a_node()]
    account.clusters.nodes_in_full[a_node().node_id] = a_node()
    account.logs.groups.add("/aws/sagemaker/Clusters/ml-cluster/abcdef012345")
    happen(account)
    return account


def eks(**members: Any) -> Happen:
    return lambda account: account.holding(an_eks_cluster(endpoint="https://kube.example", **members))


def contact(stage: Stage, words: str = "", version: str = "") -> Happen:
    return lambda account: setattr(account.kubernetes, "first", Contact(stage, words, version))


def deny(**reasons: str) -> Happen:
    denied = {wish.replace("__", " ").replace("_in_", "/"): reason for wish, reason in reasons.items()}
    return lambda account: account.kubernetes.denied.update(denied)


def runs(*rows: Workload, without: str = "") -> Happen:
    """Let these run, beside the usual ones whose names do not have `without` in them."""

    def happen(account: FakeAccount) -> None:
        kept = [one for one in account.kubernetes.running if not without or without not in one.name]
        account.kubernetes.running = [*kept, *rows]

    return happen


def half_ready(part: str) -> Happen:
    def happen(account: FakeAccount) -> None:
        rows = account.kubernetes.running
        account.kubernetes.running = [replace(one, ready=one.wanted // 2) if part in one.name else one for one in rows]

    return happen


def nowhere(part: str) -> Happen:
    def happen(account: FakeAccount) -> None:
        rows = account.kubernetes.running
        account.kubernetes.running = [replace(one, wanted=0, ready=0) if part in one.name else one for one in rows]

    return happen


def joined(*nodes: Any) -> Happen:
    return lambda account: setattr(account.kubernetes, "joined", list(nodes))


def groups(**served: tuple[str, ...]) -> Happen:
    return lambda account: setattr(account.kubernetes, "groups", {k.replace("_", "."): v for k, v in served.items()})


def both(*happenings: Happen) -> Happen:
    def happen(account: FakeAccount) -> None:
        for one in happenings:
            one(account)

    return happen


def types(*names: str) -> Happen:
    def happen(account: FakeAccount) -> None:
        account.clusters.add(a_cluster("InService", *(a_live_group(name, instance_type=name) for name in names)))

    return happen


def user(arn: str) -> Happen:
    return lambda account: setattr(account.caller, "who", an_identity(arn=arn))


def entries(*rows: Any) -> Happen:
    return lambda account: setattr(account.eks, "known_entries", list(rows))


def fails(check: str, case: str, happen: Happen, *findings: Finding) -> LiveRow:
    return LiveRow(check, case, FAIL, happen, findings)


def warns(check: str, case: str, happen: Happen, *findings: Finding) -> LiveRow:
    return LiveRow(check, case, WARN, happen, findings)


def passes(check: str, case: str, happen: Happen = lambda _account: None, *findings: Finding) -> LiveRow:
    return LiveRow(check, case, PASS, happen, findings)


def bad(subject: str, message: str, *evidence: str, remedy: str | None = None) -> Finding:
    return a_finding("fail", subject, message, *evidence, remedy=remedy)


def doubtful(subject: str, message: str, *evidence: str, remedy: str | None = None) -> Finding:
    return a_finding("warn", subject, message, *evidence, remedy=remedy)


def said(subject: str, message: str, *evidence: str) -> Finding:
    return a_finding("note", subject, message, *evidence)


def _kueue(ready: int) -> Workload:
    return Workload("Deployment", "kueue-system", "kueue-controller-manager", 1, ready)


_KUEUE = groups(kueue_x_k8s_io=("v1",))
_SERVES_KUEUE: Happen = lambda account: account.kubernetes.groups.update({"kueue.x-k8s.io": ("v1beta1",)})  # noqa: E731
_GOVERNED: Happen = lambda account: account.eks.known_addons.append(  # noqa: E731
    an_addon("amazon-sagemaker-hyperpod-taskgovernance")
)
_OPERATOR = "kubectl describe deployment training-operator --namespace kubeflow"
_AGENT = "kubectl describe daemonset health-monitoring-agent --namespace aws-hyperpod"
_AGENT_2 = "kubectl describe daemonset health-monitoring-agent-non-nvidia --namespace aws-hyperpod"
_GPU = "hyperpod-dependencies-nvidia-device-plugin"
_P5 = "ml.p5.48xlarge"

ROWS: tuple[LiveRow, ...] = (
    passes("kube-control-plane", "an update under way", eks(status="UPDATING")),
    fails(
        "kube-control-plane",
        "no EKS cluster",
        lambda account: account.eks.known.clear(),
        bad(
            EKS, "there is no EKS cluster `training` in `us-west-2`", remedy="aws eks list-clusters --region us-west-2"
        ),
    ),
    fails(
        "kube-control-plane",
        "one that is made",
        eks(status="CREATING"),
        bad(
            EKS,
            "the EKS cluster is `CREATING`",
            remedy="aws eks wait cluster-active --region us-west-2 --name training",
        ),
    ),
    fails(
        "kube-control-plane",
        "one that failed",
        eks(status="FAILED"),
        bad(
            EKS,
            "the EKS cluster is `FAILED`",
            remedy="aws eks describe-cluster --region us-west-2 --name training --query cluster.health",
        ),
    ),
    passes("kube-endpoint", "a refusal", contact(Stage.REFUSED, "Unauthorized")),
    passes("kube-endpoint", "a stranger", contact(Stage.UNTRUSTED)),
    fails(
        "kube-endpoint",
        "nobody there",
        both(eks(), contact(Stage.UNREACHED, "timed out")),
        bad(
            EKS,
            "the Kubernetes API does not answer",
            "endpoint: https://kube.example",
            "said: timed out",
            remedy="be in its VPC (VPN, bastion) for a private endpoint, among `publicAccessCidrs` for a public one\n"
            "aws eks describe-cluster --region us-west-2 --name training --query cluster.resourcesVpcConfig",
        ),
    ),
    passes("kube-certificate", "a refusal", contact(Stage.REFUSED, "Unauthorized")),
    fails(
        "kube-certificate",
        "a stranger",
        both(eks(), contact(Stage.UNTRUSTED, "self-signed certificate")),
        bad(
            EKS,
            "the certificate authority of the EKS cluster does not vouch for the server that answers",
            "endpoint: https://kube.example",
            "said: self-signed certificate",
            remedy="take the proxy that replaces certificates out of the way of this address (NO_PROXY)",
        ),
    ),
    passes("kube-token", "a role", contact(Stage.ANSWERED)),
    fails(
        "kube-token",
        "a refusal",
        contact(Stage.REFUSED, "Unauthorized"),
        bad(
            EKS,
            "Kubernetes does not accept the token of `arn:aws:sts::123456789012:assumed-role/Admin/ada`",
            "said: Unauthorized",
            remedy=f"{LET_IN}\n{ADMIN}\nhpctl doctor --only tools-clock",
        ),
    ),
    fails(
        "kube-token",
        "a user's",
        both(user("arn:aws-cn:iam::123456789012:user/ada"), contact(Stage.REFUSED, "Unauthorized")),
        bad(
            EKS,
            "Kubernetes does not accept the token of `arn:aws-cn:iam::123456789012:user/ada`",
            "said: Unauthorized",
            remedy=f"{LET_IN}\n{ADMIN}\nhpctl doctor --only tools-clock".replace(
                PRINCIPAL, "arn:aws-cn:iam::123456789012:user/ada"
            ).replace("arn:aws:eks", "arn:aws-cn:eks"),
        ),
    ),
    passes("kube-access-entry", "a policy", entries(an_access_entry("AmazonEKSViewPolicy"))),
    passes("kube-access-entry", "a group", entries(an_access_entry(policies=(), kubernetes_groups=("team",)))),
    warns(
        "kube-access-entry",
        "another way in",
        entries(),
        doubtful(
            EKS,
            "there is no access entry for `arn:aws:sts::123456789012:assumed-role/Admin/ada`",
            remedy=f"{LET_IN}\n{ADMIN}",
        ),
    ),
    fails(
        "kube-access-entry",
        "no way in",
        both(entries(), contact(Stage.REFUSED)),
        bad(
            EKS,
            "there is no access entry for `arn:aws:sts::123456789012:assumed-role/Admin/ada`",
            remedy=f"{LET_IN}\n{ADMIN}",
        ),
    ),
    fails(
        "kube-access-entry",
        "an empty one",
        entries(an_access_entry(policies=())),
        bad(
            EKS,
            "the access entry of `arn:aws:iam::123456789012:role/Admin` has no access policy and no Kubernetes group",
            remedy=ADMIN,
        ),
    ),
    warns(
        "kube-access-entry",
        "entries switched off",
        both(eks(authentication_mode="CONFIG_MAP"), entries()),
        doubtful(
            EKS,
            "access entries are off; the ConfigMap `aws-auth` decides",
            remedy="aws eks update-cluster-config --region us-west-2 --name training "
            "--access-config authenticationMode=API_AND_CONFIG_MAP",
        ),
    ),
    passes("kube-permissions-jobs", "a denial of something else", deny(create__pods_in_exec="no")),
    passes(
        "kube-permissions-jobs",
        "no kind of HyperPod's",
        deny(**{"create__hyperpodpytorchjobs.sagemaker.amazonaws.com": ""}),
    ),
    fails(
        "kube-permissions-jobs",
        "denials of three kinds",
        deny(list__nodes="no RBAC policy matched", create__pods="", **{"create__pytorchjobs.kubeflow.org": ""}),
        bad(EKS, "the caller may not list `nodes`", "said: no RBAC policy matched", remedy=VIEW),
        bad(EKS, "the caller may not create `pods` in namespace `team`", remedy=EDIT),
        bad(EKS, "the caller may not create `pytorchjobs.kubeflow.org` in namespace `team`", remedy=ADMIN),
    ),
    fails(
        "kube-permissions-jobs",
        "denied logs",
        deny(get__pods_in_log=""),
        bad(EKS, "the caller may not get `pods/log` in namespace `team`", remedy=EDIT),
    ),
    fails(
        "kube-permissions-jobs",
        "HyperPod's own kind denied",
        both(
            groups(sagemaker_amazonaws_com=("v1",)), deny(**{"create__hyperpodpytorchjobs.sagemaker.amazonaws.com": ""})
        ),
        bad(
            EKS,
            "the caller may not create `hyperpodpytorchjobs.sagemaker.amazonaws.com` in namespace `team`",
            remedy=ADMIN,
        ),
    ),
    passes("kube-permissions-pods", "a denial of something else", deny(create__pods="no")),
    warns(
        "kube-permissions-pods",
        "a denied exec",
        deny(create__pods_in_exec="no", create__services=""),
        doubtful(EKS, "the caller may not create `pods/exec` in namespace `team`", "said: no", remedy=EDIT),
        doubtful(EKS, "the caller may not create `services` in namespace `team`", remedy=EDIT),
    ),
    passes(
        "kube-training-operator",
        "HyperPod's own",
        runs(
            Workload("Deployment", "aws-hyperpod", "hp-training-operator-controller-manager", 1, 1),
            without="training-operator",
        ),
    ),
    fails(
        "kube-training-operator",
        "none",
        runs(without="training-operator"),
        bad(EKS, "no training operator is installed", remedy=CHART),
    ),
    fails(
        "kube-training-operator",
        "one that waits",
        half_ready("training-operator"),
        bad("Deployment kubeflow/training-operator", "is not ready", "ready: 0 of 1", remedy=_OPERATOR),
    ),
    warns(
        "kube-training-operator",
        "one of two that waits",
        both(half_ready("training-operator"), runs(Workload("Deployment", "a", "hp-training-operator", 1, 1))),
        doubtful("Deployment kubeflow/training-operator", "is not ready", "ready: 0 of 1", remedy=_OPERATOR),
    ),
    passes("kube-job-kinds", "one of them", lambda account: account.kubernetes.kinds.discard("mpijobs.kubeflow.org")),
    fails(
        "kube-job-kinds",
        "none",
        lambda account: account.kubernetes.kinds.clear(),
        bad(
            EKS,
            "Kubernetes knows no kind of training jobs",
            "missing: CustomResourceDefinition pytorchjobs.kubeflow.org",
            "missing: CustomResourceDefinition hyperpodpytorchjobs.sagemaker.amazonaws.com",
            remedy=CHART,
        ),
    ),
    fails(
        "kube-job-kinds",
        "another version",
        groups(kubeflow_org=("v2",)),
        bad(
            "CustomResourceDefinition/pytorchjobs.kubeflow.org",
            "version `v1` of `kubeflow.org` is not served",
            "served: v2",
            remedy=CHART,
        ),
    ),
    fails(
        "kube-job-kinds",
        "no version at all",
        groups(apps=("v1",)),
        bad(
            "CustomResourceDefinition/pytorchjobs.kubeflow.org",
            "version `v1` of `kubeflow.org` is not served",
            "served: none",
            remedy=CHART,
        ),
    ),
    passes("kube-device-plugins", "nothing to offer", both(types("ml.c5.2xlarge"), runs(without="plugin"))),
    passes("kube-device-plugins", "nodes still to come", both(nowhere("plugin"), joined())),
    passes(
        "kube-device-plugins",
        "a type that nobody knows",
        types("ml.q9.large"),
        a_finding("note", "instance type/ml.q9.large", "is not in hpctl's catalogue: what it needs is not judged"),
    ),
    fails(
        "kube-device-plugins",
        "none for NVIDIA",
        runs(without="nvidia"),
        bad(
            EKS,
            f"no device plugin offers the NVIDIA devices of {_P5}",
            "missing: DaemonSet *nvidia-device-plugin*",
            remedy=CHART,
        ),
    ),
    fails(
        "kube-device-plugins",
        "none for Neuron and EFA",
        both(types("ml.trn2.48xlarge"), runs(without="plugin")),
        bad(
            EKS,
            "no device plugin offers the EFA devices of ml.trn2.48xlarge",
            "missing: DaemonSet *efa-k8s-device-plugin*",
            remedy=CHART,
        ),
        bad(
            EKS,
            "no device plugin offers the Neuron devices of ml.trn2.48xlarge",
            "missing: DaemonSet *neuron-device-plugin*",
            remedy=CHART,
        ),
    ),
    fails(
        "kube-device-plugins",
        "one that runs nowhere",
        nowhere("nvidia"),
        bad(
            f"DaemonSet kube-system/{_GPU}",
            f"runs on no node, and there are nodes with NVIDIA: {_P5}",
            remedy=f"add the types to its node affinity\nkubectl edit daemonset {_GPU} --namespace kube-system",
        ),
    ),
    warns(
        "kube-device-plugins",
        "one that is not ready",
        half_ready("nvidia-device"),
        doubtful(
            f"DaemonSet kube-system/{_GPU}",
            "is not ready on every node",
            "ready: 1 of 2",
            remedy=f"kubectl describe daemonset {_GPU} --namespace kube-system",
        ),
    ),
    passes("kube-health-agent", "the one of its two for its nodes", runs(without="non-nvidia")),
    passes(
        "kube-health-agent",
        "the other one for other nodes",
        both(
            types("ml.trn1.32xlarge"),
            runs(
                Workload("DaemonSet", "aws-hyperpod", "health-monitoring-agent-non-nvidia", 1, 1),
                without="health-monitoring",
            ),
        ),
    ),
    fails(
        "kube-health-agent",
        "the wrong one of its two",
        runs(
            Workload("DaemonSet", "aws-hyperpod", "health-monitoring-agent-non-nvidia", 0, 0),
            without="health-monitoring",
        ),
        bad(
            EKS,
            "the health monitoring agent is not installed",
            "missing: DaemonSet aws-hyperpod/*health-monitoring-agent*, for NVIDIA",
            remedy=CHART,
        ),
    ),
    fails(
        "kube-health-agent",
        "no agent for one of two kinds of nodes",
        both(types("ml.trn1.32xlarge", "ml.p5.48xlarge"), runs(without="non-nvidia")),
        bad(
            EKS,
            "the health monitoring agent is not installed",
            "missing: DaemonSet aws-hyperpod/*health-monitoring-agent-non-nvidia*, for Neuron",
            remedy=CHART,
        ),
    ),
    fails(
        "kube-health-agent",
        "none in its namespace",
        runs(Workload("DaemonSet", "mine", "health-monitoring-agent", 1, 1), without="health-monitoring"),
        bad(
            EKS,
            "the health monitoring agent is not installed",
            "missing: DaemonSet aws-hyperpod/*health-monitoring-agent*, for NVIDIA",
            remedy=CHART,
        ),
    ),
    fails(
        "kube-health-agent",
        "none where no node has accelerators",
        both(types("ml.m5.xlarge"), runs(without="health-monitoring")),
        bad(
            EKS,
            "the health monitoring agent is not installed",
            "missing: DaemonSet aws-hyperpod/*health-monitoring-agent*",
            remedy=CHART,
        ),
    ),
    warns(
        "kube-health-agent",
        "both half ready",
        half_ready("health-monitoring"),
        doubtful(
            "DaemonSet aws-hyperpod/health-monitoring-agent",
            "is not ready on every node",
            "ready: 1 of 2",
            remedy=_AGENT,
        ),
        doubtful(
            "DaemonSet aws-hyperpod/health-monitoring-agent-non-nvidia",
            "is not ready on every node",
            "ready: 1 of 2",
            remedy=_AGENT_2,
        ),
    ),
    passes("kube-task-governance", "a controller", both(_SERVES_KUEUE, _GOVERNED, runs(_kueue(1)))),
    passes("kube-task-governance", "no queues", lambda _account: None),
    fails(
        "kube-task-governance",
        "an add-on alone",
        _GOVERNED,
        bad(
            "EKS add-on/amazon-sagemaker-hyperpod-taskgovernance",
            "the add-on is installed, and Kubernetes does not serve `kueue.x-k8s.io`",
            remedy="aws eks describe-addon --region us-west-2 --cluster-name training "
            "--addon-name amazon-sagemaker-hyperpod-taskgovernance --query addon.health",
        ),
    ),
    fails(
        "kube-task-governance",
        "no controller",
        _SERVES_KUEUE,
        bad(
            EKS,
            "`kueue.x-k8s.io` is served, and no controller of Kueue is there",
            remedy="install the add-on again, or remove Kueue's definitions",
        ),
    ),
    fails(
        "kube-task-governance",
        "a controller that waits",
        both(_SERVES_KUEUE, runs(_kueue(0))),
        bad(
            "Deployment kueue-system/kueue-controller-manager",
            "is not ready: jobs in queues stay suspended",
            "ready: 0 of 1",
            remedy="kubectl describe deployment kueue-controller-manager --namespace kueue-system",
        ),
    ),
    passes(
        "kube-nodes-joined",
        "one that comes and strangers",
        both(
            lambda account: account.clusters.nodes_of["ml-cluster"].append(a_node("i-1", "Pending")),
            lambda account: account.kubernetes.joined.append(a_kubernetes_node("ip-10-0-0-1", labels={})),
        ),
    ),
    fails(
        "kube-nodes-joined",
        "one that has not",
        joined(),
        bad(
            "node/i-0a1b2c3d4e5f60718",
            "runs, and has not joined the EKS cluster",
            f"missing: {NODE}",
            remedy="hpctl node describe i-0a1b2c3d4e5f60718 --cluster ml-cluster\nhpctl cluster events ml-cluster",
        ),
    ),
    warns(
        "kube-nodes-joined",
        "one that is left over",
        joined(a_kubernetes_node(NODE), a_kubernetes_node("hyperpod-i-0gone")),
        doubtful(
            "node/hyperpod-i-0gone",
            "Kubernetes has it, and HyperPod has not",
            remedy="kubectl delete node hyperpod-i-0gone",
        ),
    ),
    passes("kube-nodes-well", "no nodes", joined()),
    warns(
        "kube-nodes-well",
        "one that does not report",
        joined(a_kubernetes_node(NODE, ready=False)),
        doubtful(f"node/{NODE}", "is not ready", remedy=f"kubectl describe node {NODE}"),
    ),
    warns(
        "kube-nodes-well",
        "one that is cordoned",
        joined(a_kubernetes_node(NODE, unschedulable=True)),
        doubtful(f"node/{NODE}", "is cordoned", remedy=f"kubectl uncordon {NODE}"),
    ),
    warns(
        "kube-nodes-well",
        "one that waits for a replacement",
        joined(
            a_kubernetes_node(
                NODE,
                labels={
                    "sagemaker.amazonaws.com/cluster-name": "ml-cluster",
                    "sagemaker.amazonaws.com/node-health-status": "UnschedulablePendingReplacement",
                },
            )
        ),
        doubtful(
            f"node/{NODE}",
            "is `UnschedulablePendingReplacement` for HyperPod",
            remedy=f"kubectl describe node {NODE}",
        ),
    ),
    passes("kube-allocatable", "a type that nobody knows", joined(a_kubernetes_node(NODE, labels={}, allocatable={}))),
    passes(
        "kube-allocatable",
        "partitions",
        joined(a_kubernetes_node(NODE, allocatable={"vpc.amazonaws.com/efa": "32", "nvidia.com/mig-1g.10gb": "56"})),
    ),
    passes(
        "kube-allocatable",
        "Neuron by one of its names",
        joined(
            a_kubernetes_node(
                NODE, "ml.trn2.48xlarge", allocatable={"aws.amazon.com/neuron": "16", "vpc.amazonaws.com/efa": "16"}
            )
        ),
    ),
    fails(
        "kube-allocatable",
        "no GPU at all",
        joined(a_kubernetes_node(NODE, allocatable={"vpc.amazonaws.com/efa": "32", "cpu": "190"})),
        bad(
            f"1 node of type {_P5}",
            "less `nvidia.com/gpu` than the type has",
            "of the type: 8",
            f"{NODE}: 0",
            remedy=f"kubectl describe node {NODE}",
        ),
    ),
    warns(
        "kube-allocatable",
        "a GPU less on two",
        joined(
            *(
                a_kubernetes_node(name, allocatable={"vpc.amazonaws.com/efa": "32", "nvidia.com/gpu": "7"})
                for name in "ab"
            )
        ),
        doubtful(
            f"2 nodes of type {_P5}",
            "less `nvidia.com/gpu` than the type has",
            "of the type: 8",
            "a: 7",
            "b: 7",
            remedy="kubectl describe node a",
        ),
    ),
    passes("kube-version-skew", "three behind", joined(a_kubernetes_node(NODE, version="v1.30.9-eks"))),
    passes("kube-version-skew", "a server that hides it", contact(Stage.ANSWERED)),
    fails(
        "kube-version-skew",
        "one ahead and one behind",
        joined(
            a_kubernetes_node("a", version="v1.34.0"),
            a_kubernetes_node("b", version="v1.29.1"),
            a_kubernetes_node("c", version="v1.29.1"),
        ),
        bad(
            EKS,
            "1 of the nodes run kubelet v1.34.0, and the API server is 1.33",
            "a",
            remedy="hpctl cluster update-software ml-cluster",
        ),
        bad(
            EKS,
            "2 of the nodes run kubelet v1.29.1, and the API server is 1.33",
            "b",
            "c",
            remedy="hpctl cluster update-software ml-cluster",
        ),
    ),
)

_CONTACT = ("eks.describe", "kubernetes.contact")
_WORKLOADS = ("eks.describe", "kubernetes.workloads")
ASKS: dict[str, tuple[str, ...]] = {
    "kube-control-plane": ("eks.describe",),
    "kube-endpoint": _CONTACT,
    "kube-certificate": _CONTACT,
    "kube-token": _CONTACT,
    "kube-access-entry": ("eks.describe", "eks.access_entry"),
    "kube-permissions-jobs": ("eks.describe", "kubernetes.api_versions", "kubernetes.reviews"),
    "kube-permissions-pods": ("eks.describe", "kubernetes.reviews"),
    "kube-training-operator": _WORKLOADS,
    "kube-job-kinds": ("eks.describe", "kubernetes.custom_resources", "kubernetes.api_versions"),
    "kube-device-plugins": ("clusters.describe", *_WORKLOADS, "kubernetes.nodes"),
    "kube-health-agent": ("clusters.describe", *_WORKLOADS),
    "kube-task-governance": ("eks.describe", "eks.addons", "kubernetes.api_versions"),
    "kube-nodes-joined": ("eks.describe", "kubernetes.nodes", "clusters.nodes"),
    "kube-nodes-well": ("eks.describe", "kubernetes.nodes"),
    "kube-allocatable": ("eks.describe", "kubernetes.nodes"),
    "kube-version-skew": (*_CONTACT, "kubernetes.nodes"),
}
"""What each check asks of the ports where all is well."""
