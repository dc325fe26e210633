"""What the checks say of who may do what inside a live cluster, and of its storage."""

from __future__ import annotations

from typing import Any

from hpctl.facts.eks_ports import PodIdentity
from hpctl.facts.jobs import CLAIM, CONFIG_MAP, STORAGE_CLASS
from tests.unit.builders import an_access_entry
from tests.unit.checks.job_rows import holds
from tests.unit.checks.rows_kube_parts import OPERATOR, deployment
from tests.unit.checks.rows_live import (
    EKS,
    Happen,
    LiveRow,
    bad,
    both,
    doubtful,
    eks,
    entries,
    fails,
    passes,
    runs,
    warns,
)

TEAM = "arn:aws:iam::123456789012:role/Team"
ACCOUNT = "hp-training-operator-controller-manager"
NOBODY = entries()


BOTH_WAYS = eks(authentication_mode="API_AND_CONFIG_MAP")


def mapped(text: str = f"- rolearn: {TEAM}\n  username: team\n") -> Happen:
    return both(BOTH_WAYS, holds(CONFIG_MAP, "aws-auth", "kube-system", data={"mapRoles": text}))


def associated(*pairs: tuple[str, str]) -> Happen:
    return lambda account: setattr(account.eks, "identities", [PodIdentity(*pair) for pair in pairs])


def claim(phase: str, kind: str | None = "fsx") -> Happen:
    metadata = {"creationTimestamp": "2026-11-22T09:00:00Z"}
    spec: dict[str, Any] = {"storageClassName": kind} if kind else {}
    return holds(CLAIM, "data", metadata=metadata, spec=spec, status={"phase": phase})


def storage_class(binding: str) -> Happen:
    return holds(STORAGE_CLASS, "fsx", volumeBindingMode=binding)


def unbound(message: str, *evidence: str, remedy: str = "kubectl describe pvc data --namespace team") -> Any:
    return doubtful("PersistentVolumeClaim team/data", message, *evidence, remedy=remedy)


SINCE = "since: 2026-11-22T09:00:00Z"
BOTH_LISTS = (
    "say in the access entry what it may do, and take it out of the ConfigMap\n"
    "kubectl edit configmap aws-auth --namespace kube-system"
)
ROLE_FOR_IT = (
    "make a role that `pods.eks.amazonaws.com` may assume, with AmazonSageMakerHyperPodTrainingOperatorAccess\n"
    "aws eks create-pod-identity-association --region us-west-2 --cluster-name training --namespace aws-hyperpod "
    f"--service-account {ACCOUNT} --role-arn ROLE_ARN"
)

ROWS: tuple[LiveRow, ...] = (
    passes("eks-aws-auth-shadow", "nobody in both", both(mapped(), NOBODY)),
    passes("eks-aws-auth-shadow", "a ConfigMap that is not read", both(mapped(), eks(authentication_mode="API"))),
    passes(
        "eks-aws-auth-shadow",
        "a ConfigMap that is empty",
        both(BOTH_WAYS, holds(CONFIG_MAP, "aws-auth", "kube-system")),
    ),
    *(
        warns(
            "eks-aws-auth-shadow",
            f"one in both: {text!r}",
            both(mapped(text), entries(given)),
            doubtful(EKS, f"`{TEAM}` is in `aws-auth`, and has an access entry", told, remedy=BOTH_LISTS),
        )
        for text, given, told in (
            (f"- rolearn: {TEAM}\n", an_access_entry("AmazonEKSViewPolicy"), "of the entry: AmazonEKSViewPolicy"),
            (f'- "userarn": "{TEAM}"\n', an_access_entry(policies=()), "of the entry: nothing"),
        )
    ),
    passes("eks-operator-pod-identity", "no operator of HyperPod's", associated()),
    passes("eks-operator-pod-identity", "its association", both(OPERATOR, associated(("aws-hyperpod", ACCOUNT)))),
    warns(
        "eks-operator-pod-identity",
        "that of another",
        both(OPERATOR, associated(("team", ACCOUNT))),
        doubtful(
            f"ServiceAccount aws-hyperpod/{ACCOUNT}",
            "has no Pod Identity association",
            f"there: team/{ACCOUNT}",
            remedy=ROLE_FOR_IT,
        ),
    ),
    passes("storage-csi-ready", "a claim with its volume", claim("Bound")),
    passes(
        "storage-csi-ready", "one that waits for a pod", both(claim("Pending"), storage_class("WaitForFirstConsumer"))
    ),
    warns(
        "storage-csi-ready",
        "a driver that does not run",
        runs(deployment("fsx-csi-controller", "kube-system", 0)),
        doubtful(
            "Deployment kube-system/fsx-csi-controller",
            "is not ready: no volumes are made or attached",
            "ready: 0 of 1",
            remedy="kubectl describe deployment fsx-csi-controller --namespace kube-system",
        ),
    ),
    warns(
        "storage-csi-ready",
        "an unfilled claim",
        both(claim("Pending"), storage_class("Immediate")),
        unbound("has no volume", SINCE),
    ),
    warns("storage-csi-ready", "one without a class", claim("Pending", None), unbound("has no volume", SINCE)),
    warns(
        "storage-csi-ready",
        "a class that is not there",
        claim("Pending"),
        unbound("its StorageClass `fsx` is not there", remedy="kubectl get storageclasses"),
    ),
    fails(
        "storage-csi-ready",
        "a lost volume",
        claim("Lost"),
        bad(
            "PersistentVolumeClaim team/data",
            "has lost its volume",
            remedy="kubectl describe pvc data --namespace team",
        ),
    ),
)

_WORKLOADS = ("eks.describe", "kubernetes.workloads")
ASKS: dict[str, tuple[str, ...]] = {
    "eks-aws-auth-shadow": ("eks.describe",),
    "eks-operator-pod-identity": _WORKLOADS,
    "storage-csi-ready": (*_WORKLOADS, "jobs.objects"),
}
"""What each check asks of the ports where all is well."""
