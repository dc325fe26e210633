"""What the checks say of what runs on a live cluster: networks, plugins, certificates, Kueue, autoscalers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hpctl.facts.kubernetes import Toleration, Workload
from tests.unit.builders import a_finding, a_kubernetes_node, an_addon
from tests.unit.checks.rows_live import (
    EKS,
    NODE,
    Happen,
    LiveRow,
    bad,
    both,
    doubtful,
    fails,
    half_ready,
    joined,
    nowhere,
    passes,
    runs,
    types,
    warns,
)
from tests.unit.fakes import FakeAccount

GPU_PLUGIN = "hyperpod-dependencies-nvidia-device-plugin"
EFA_PLUGIN = "hyperpod-dependencies-aws-efa-k8s-device-plugin"
ECR = "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/aws-efa-k8s-device-plugin"
TESTED = (
    '{"key": "sagemaker.amazonaws.com/node-health-status", "operator": "Equal", "value": "Unschedulable", '
    '"effect": "NoSchedule"}'
)
LIST = (
    "/spec/template/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"
    "/nodeSelectorTerms/0/matchExpressions/0/values/-"
)
GOVERNANCE = "amazon-sagemaker-hyperpod-taskgovernance"
BY_HAND = f"--region us-west-2 --cluster-name training --addon-name {GOVERNANCE}"


def daemon(name: str, namespace: str = "kube-system", **members: Any) -> Workload:
    return Workload("DaemonSet", namespace, name, 2, 2, **members)


def deployment(name: str, namespace: str, ready: int = 1) -> Workload:
    return Workload("Deployment", namespace, name, 1, ready)


def plugin(part: str, **members: Any) -> Happen:
    """Let the plugins that are called so be otherwise."""

    def happen(account: FakeAccount) -> None:
        rows = account.kubernetes.running
        account.kubernetes.running = [replace(one, **members) if part in one.name else one for one in rows]

    return happen


def annotated(**notes: str) -> Happen:
    return joined(a_kubernetes_node(NODE, annotations=notes))


def _kueue(account: FakeAccount) -> None:
    account.kubernetes.groups["kueue.x-k8s.io"] = ("v1beta1",)


def _governed(status: str, *issues: str) -> Happen:
    return lambda account: account.eks.known_addons.append(an_addon(GOVERNANCE, status=status, issues=issues))


OPERATOR = runs(deployment("hp-training-operator-controller-manager", "aws-hyperpod"))
CERTIFICATES = runs(*(deployment(name, "cert-manager") for name in ("cert-manager", "cert-manager-webhook")))
AUTOSCALER = runs(deployment("cluster-autoscaler-aws-cluster-autoscaler", "kube-system"))
KEEP = "cluster-autoscaler.kubernetes.io/scale-down-disabled=true karpenter.sh/do-not-disrupt=true"
MANAGER = "Deployment aws-hyperpod/hp-training-operator-controller-manager"

ROWS: tuple[LiveRow, ...] = (
    passes("eks-cni-only", "Calico, for policies", runs(daemon("calico-node"))),
    fails(
        "eks-cni-only",
        "another network",
        runs(daemon("cilium")),
        bad(
            "DaemonSet kube-system/cilium",
            "is another network of pods",
            "ready: 2 of 2",
            remedy="uninstall it as it was installed, then\nkubectl rollout restart daemonset aws-node -n kube-system",
        ),
    ),
    fails(
        "eks-cni-only",
        "no network",
        runs(without="aws-node"),
        bad(
            EKS,
            "the VPC CNI is not there",
            "missing: DaemonSet kube-system/aws-node",
            remedy="aws eks create-addon --region us-west-2 --cluster-name training --addon-name vpc-cni",
        ),
    ),
    passes("live-daemonsets-ready", "a plugin that is not, which has its check", half_ready("device-plugin")),
    passes("live-daemonsets-ready", "somebody's own", runs(Workload("DaemonSet", "monitoring", "exporter", 2, 0))),
    passes("live-daemonsets-ready", "no nodes", nowhere("aws-node")),
    warns(
        "live-daemonsets-ready",
        "one that is late on a node",
        half_ready("aws-node"),
        doubtful(
            "DaemonSet kube-system/aws-node",
            "is not ready on every node",
            "ready: 1 of 2",
            remedy="kubectl describe daemonset aws-node --namespace kube-system\n"
            "kubectl get pods --namespace kube-system --output wide | grep aws-node",
        ),
    ),
    fails(
        "live-daemonsets-ready",
        "no network on any node",
        plugin("aws-node", ready=0),
        bad(
            "DaemonSet kube-system/aws-node",
            "is not ready on every node",
            "ready: 0 of 2",
            remedy="kubectl describe daemonset aws-node --namespace kube-system\n"
            "kubectl get pods --namespace kube-system --output wide | grep aws-node",
        ),
    ),
    passes("eks-device-plugin-types", "a list with the type", plugin("plugin", instance_types=("ml.p5.48xlarge",))),
    passes("eks-device-plugin-types", "no plugin, which another check tells", runs(without="device-plugin")),
    passes(
        "eks-device-plugin-types",
        "a second plugin with the type",
        both(
            plugin(GPU_PLUGIN, instance_types=("ml.g5.xlarge",)), runs(daemon("nvidia-device-plugin", "gpu-operator"))
        ),
    ),
    fails(
        "eks-device-plugin-types",
        "a list without the type",
        both(types("ml.trn2.3xlarge"), plugin("neuron", instance_types=("ml.trn1.32xlarge", "ml.trn2.48xlarge"))),
        bad(
            "DaemonSet kube-system/neuron-device-plugin-daemonset",
            "does not run on ml.trn2.3xlarge, which has Neuron devices",
            "for: ml.trn1.32xlarge, ml.trn2.48xlarge",
            remedy="kubectl patch daemonset neuron-device-plugin-daemonset --namespace kube-system --type json --patch "
            f'\'[{{"op": "add", "path": "{LIST}", "value": "ml.trn2.3xlarge"}}]\'',
        ),
    ),
    passes(
        "eks-device-plugin-toleration",
        "the taint alone",
        plugin("plugin", tolerations=(Toleration("sagemaker.amazonaws.com/node-health-status", "Exists"),)),
    ),
    *(
        warns(
            "eks-device-plugin-toleration",
            case,
            plugin(GPU_PLUGIN, tolerations=given),
            doubtful(
                f"DaemonSet kube-system/{GPU_PLUGIN}",
                "does not tolerate the taint of HyperPod's health checks",
                remedy=f"kubectl patch daemonset {GPU_PLUGIN} --namespace kube-system --type json --patch "
                f'\'[{{"op": "add", "path": "/spec/template/spec/tolerations{path}", "value": {value}}}]\'',
            ),
        )
        for case, given, path, value in (
            (
                "another one",
                (Toleration("nvidia.com/gpu", "Exists"),),
                "/-",
                TESTED,
            ),
            (
                "none",
                (),
                "",
                f"[{TESTED}]",
            ),
        )
    ),
    passes(
        "eks-efa-plugin-version",
        "a new one",
        both(types("ml.p6-b200.48xlarge"), plugin(EFA_PLUGIN, images=(f"{ECR}:v0.5.20",))),
    ),
    passes(
        "eks-efa-plugin-version", "no version", both(types("ml.p6-b200.48xlarge"), plugin(EFA_PLUGIN, images=(ECR,)))
    ),
    passes(
        "eks-efa-plugin-version",
        "an old one for older types",
        plugin(EFA_PLUGIN, images=(f"{ECR}:v0.5.3",)),
        a_finding(
            "note",
            f"DaemonSet kube-system/{EFA_PLUGIN}",
            "is older than 0.5.10, which P6 instances need",
            f"image: {ECR}:v0.5.3",
        ),
    ),
    warns(
        "eks-efa-plugin-version",
        "an old one",
        both(types("ml.p6-b200.48xlarge"), plugin(EFA_PLUGIN, images=(f"{ECR}:v0.5.3",))),
        doubtful(
            f"DaemonSet kube-system/{EFA_PLUGIN}",
            "is too old for ml.p6-b200.48xlarge",
            f"image: {ECR}:v0.5.3",
            "needed: 0.5.10 or newer",
            remedy=f"kubectl set image daemonset/{EFA_PLUGIN} --namespace kube-system '*={ECR}:v0.5.20'",
        ),
    ),
    passes(
        "eks-gpu-operator-conflict",
        "parts of one plugin",
        runs(daemon("nvidia-device-plugin-mps-control-daemon", "gpu-operator")),
    ),
    warns(
        "eks-gpu-operator-conflict",
        "the GPU operator's",
        runs(daemon("nvidia-device-plugin-daemonset", "gpu-operator")),
        doubtful(
            EKS,
            "2 plugins offer the same GPUs",
            f"DaemonSet kube-system/{GPU_PLUGIN}",
            "DaemonSet gpu-operator/nvidia-device-plugin-daemonset",
            remedy="helm upgrade hyperpod-dependencies CHART --namespace kube-system --reuse-values "
            "--set nvidia-device-plugin.devicePlugin.enabled=false\n"
            f"kubectl delete daemonset {GPU_PLUGIN} --namespace kube-system",
        ),
    ),
    passes("eks-cert-manager", "nothing that needs it", runs(deployment("cert-manager", "cert-manager", 0))),
    passes("eks-cert-manager", "all of it", both(OPERATOR, CERTIFICATES)),
    warns(
        "eks-cert-manager",
        "an operator without it",
        OPERATOR,
        doubtful(
            MANAGER,
            "needs cert-manager, which is not installed",
            remedy="aws eks create-addon --region us-west-2 --cluster-name training --addon-name cert-manager",
        ),
    ),
    warns(
        "eks-cert-manager",
        "a webhook that does not run",
        both(OPERATOR, CERTIFICATES, half_ready("cert-manager-webhook")),
        doubtful(
            "Deployment cert-manager/cert-manager-webhook",
            "is not ready: HyperPodPyTorchJobs are refused",
            "ready: 0 of 1",
            remedy="kubectl describe deployment cert-manager-webhook --namespace cert-manager",
        ),
    ),
    passes("eks-kueue-preinstalled", "no Kueue", lambda _account: None),
    passes("eks-kueue-preinstalled", "that of task governance", both(_kueue, _governed("ACTIVE"))),
    passes(
        "eks-kueue-preinstalled",
        "one alone",
        _kueue,
        a_finding("note", EKS, "has a Kueue of its own: remove it before task governance is installed"),
    ),
    fails(
        "eks-kueue-preinstalled",
        "one in the way",
        both(_kueue, _governed("CREATE_FAILED", "ConfigurationConflict: Conflicts found")),
        bad(
            f"EKS add-on/{GOVERNANCE}",
            "could not be made, and definitions of Kueue are there",
            "ConfigurationConflict: Conflicts found",
            remedy="helm uninstall kueue --namespace kueue-system\n"
            "kubectl get crd -o name | grep '[.]kueue[.]x-k8s[.]io$' | xargs kubectl delete\n"
            f"aws eks delete-addon {BY_HAND}\naws eks create-addon {BY_HAND}",
        ),
    ),
    passes("live-autoscaler-conflict", "none", lambda _account: None),
    passes(
        "live-autoscaler-conflict",
        "one that does not run",
        runs(Workload("Deployment", "kube-system", "cluster-autoscaler", 0, 0)),
    ),
    passes(
        "live-autoscaler-conflict",
        "nodes that say no",
        both(AUTOSCALER, annotated(**{"cluster-autoscaler.kubernetes.io/scale-down-disabled": "true"})),
    ),
    warns(
        "live-autoscaler-conflict",
        "nodes that say nothing",
        both(AUTOSCALER, annotated(**{"karpenter.sh/do-not-disrupt": "false"})),
        doubtful(
            "Deployment kube-system/cluster-autoscaler-aws-cluster-autoscaler",
            "may remove 1 of HyperPod's nodes",
            NODE,
            remedy="kubectl annotate nodes --selector sagemaker.amazonaws.com/cluster-name=ml-cluster "
            f"--overwrite {KEEP}",
        ),
    ),
)

_WORKLOADS = ("eks.describe", "kubernetes.workloads")
ASKS: dict[str, tuple[str, ...]] = {
    "eks-cni-only": _WORKLOADS,
    "live-daemonsets-ready": _WORKLOADS,
    "eks-cert-manager": _WORKLOADS,
    "eks-kueue-preinstalled": ("eks.describe", "kubernetes.api_versions"),
    "live-autoscaler-conflict": _WORKLOADS,
    "eks-device-plugin-types": ("clusters.describe", *_WORKLOADS),
    "eks-device-plugin-toleration": _WORKLOADS,
    "eks-efa-plugin-version": ("clusters.describe", *_WORKLOADS),
    "eks-gpu-operator-conflict": _WORKLOADS,
}
"""What each check asks of the ports where all is well."""
