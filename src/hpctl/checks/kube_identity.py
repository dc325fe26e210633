"""Who has which rights inside a live cluster: two lists of the same people, and pods that act for themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hpctl.checks.declare import check, warn
from hpctl.checks.live import eks_of, subject_of
from hpctl.checks.live_parts import workloads
from hpctl.facts.jobs import CONFIG_MAP
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.terms import AuthenticationMode

_WORKLOADS = ("eks:DescribeCluster", "kubernetes:daemonsets.apps", "kubernetes:deployments.apps")
_MAPPED: Final = re.compile(r"""(?m)^[\s-]*["']?(?:rolearn|userarn)["']?\s*:\s*["']?(?P<arn>arn:[^\s"']+)""")
"""A principal in the ConfigMap `aws-auth` (EKS user guide)."""

OPERATOR: Final = "hp-training-operator"
OPERATOR_ACCOUNT: Final = ("aws-hyperpod", "hp-training-operator-controller-manager")
"""Namespace and service account of HyperPod's training operator, and the policy that its role takes (AWS documentation,
"Installing the training operator")."""
OPERATOR_POLICY: Final = "AmazonSageMakerHyperPodTrainingOperatorAccess"


@check(
    "eks-aws-auth-shadow",
    "nobody is let in by two lists that may differ",
    needs=("kube-token",),
    reads=("eks:DescribeAccessEntry", "eks:DescribeCluster", "kubernetes:configmaps"),
    blocking=False,
)
def aws_auth_shadow(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """In the mode API_AND_CONFIG_MAP, EKS reads access entries and the ConfigMap `aws-auth` of `kube-system`.

    Where a principal is in both, one of the two is not heeded, and changing that one changes nothing.
    """
    cluster = eks_of(live, world)
    if cluster.authentication_mode != AuthenticationMode.API_AND_CONFIG_MAP:
        return
    found = world.kubernetes_object(cluster, CONFIG_MAP, "kube-system", "aws-auth") or {}
    texts = [str(text) for text in (found.get("data") or {}).values()]
    for arn in dict.fromkeys(each["arn"] for text in texts for each in _MAPPED.finditer(text)):
        entry = world.access_entry(cluster, arn)
        if entry is not None:
            told = [policy.name for policy in entry.policies] + list(entry.kubernetes_groups)
            yield warn(
                subject_of(live),
                f"`{arn}` is in `aws-auth`, and has an access entry",
                f"of the entry: {', '.join(told) or 'nothing'}",
                remedy="say in the access entry what it may do, and take it out of the ConfigMap\n"
                "kubectl edit configmap aws-auth --namespace kube-system",
            )


@check(
    "eks-operator-pod-identity",
    "HyperPod's training operator may call AWS",
    needs=("kube-token",),
    reads=(*_WORKLOADS, "eks:ListPodIdentityAssociations"),
    blocking=False,
)
def operator_pod_identity(live: ClusterOnEks, world: World) -> Iterator[Finding]:
    """The operator asks SageMaker about nodes, with a role that EKS Pod Identity gives its service account.

    Without the association its pods end with `Unable to verify AWS SageMaker auth`.
    """
    if not any(OPERATOR in one.name for one in workloads(live, world, "Deployment")):
        return
    cluster, (namespace, account) = eks_of(live, world), OPERATOR_ACCOUNT
    there = {(one.namespace, one.service_account) for one in world.pod_identities(cluster)}
    if OPERATOR_ACCOUNT not in there:
        where = f"--region {world.identity().region} --cluster-name {cluster.name}"
        yield warn(
            f"ServiceAccount {namespace}/{account}",
            "has no Pod Identity association",
            f"there: {', '.join('/'.join(one) for one in sorted(there)) or 'none'}",
            remedy=f"make a role that `pods.eks.amazonaws.com` may assume, with {OPERATOR_POLICY}\n"
            f"aws eks create-pod-identity-association {where} --namespace {namespace} --service-account {account} "
            "--role-arn ROLE_ARN",
        )
