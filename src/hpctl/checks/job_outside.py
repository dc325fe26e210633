"""Whether a job reaches what is outside its pods: AWS with credentials, and volumes in the zone of its nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.checks.declare import check, fail, warn
from hpctl.checks.job_commands import texts
from hpctl.checks.job_pods import PodTemplate, environment, nodes_for, templates
from hpctl.checks.live import eks_of
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.jobs import CLAIM, SERVICE_ACCOUNT, VOLUME
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.manifest_pods import mapping, rows

ZONE_LABEL: Final = "topology.kubernetes.io/zone"
ROLE_ANNOTATION: Final = "eks.amazonaws.com/role-arn"
"""By which a service account has a role without Pod Identity (EKS user guide, "IAM roles for service accounts")."""

_CALLS_AWS: Final = re.compile(r"(?<![\w/-])(?:aws\s+(?:s3|s3api|ecr|secretsmanager|sts)\b|s3://[\w.-]+)")
_GIVEN: Final = frozenset({"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_PROFILE", "AWS_ENDPOINT_URL"})


@check(
    "job-aws-credentials",
    "pods that call AWS have credentials",
    needs=("kube-token",),
    reads=("eks:DescribeCluster", "eks:ListPodIdentityAssociations", "kubernetes:serviceaccounts"),
    blocking=False,
)
def aws_credentials(job: JobInCluster, world: World) -> Iterator[Finding]:
    """Pods do not reach the instance metadata service of their node, and so have no role of it.

    What calls AWS needs a service account with EKS Pod Identity or an IAM role (IRSA), or ends after minutes with
    `Unable to locate credentials`. Looked for are calls of the AWS CLI and `s3://` in commands and variables.
    """
    for template in templates(job):
        found = next(_calls(job, template), None)
        if found is None or template.spec.get("hostNetwork") is True or _given(template):
            continue
        account = str(template.spec.get("serviceAccountName") or "default")
        if not _has_role(job, world, account):
            where = f"--region {world.identity().region} --cluster-name {job.live.eks_cluster}"
            whose = f"--namespace {job.live.namespace} --service-account {account}"
            yield warn(
                f"job/{job.name} ({found[0]})",
                f"calls AWS, and service account `{account}` has no role",
                found[1],
                remedy=f"aws eks create-pod-identity-association {where} {whose} --role-arn ROLE_ARN",
            )


@check(
    "job-pvc-az",
    "the job's volumes are in the zone of its nodes",
    needs=("job-fits",),
    reads=(
        "eks:DescribeCluster",
        "kubernetes:nodes",
        "kubernetes:persistentvolumeclaims",
        "kubernetes:persistentvolumes",
    ),
    blocking=False,
)
def volume_zone(job: JobInCluster, world: World) -> Iterator[Finding]:
    """An EBS volume is attached in its own Availability Zone alone.

    Pods that mount it stay Pending (`volume node affinity conflict`) where the nodes that they ask for are elsewhere.
    """
    for template in templates(job):
        for name in _claims(template):
            volume, zones = _volume_of(job, world, name)
            nodes = nodes_for(template, job, world) if zones else ()
            theirs = {node.labels[ZONE_LABEL] for node in nodes if ZONE_LABEL in node.labels}
            if theirs and not zones & theirs:
                yield fail(
                    f"PersistentVolumeClaim/{name}",
                    f"its volume is in {', '.join(sorted(zones))}, and the nodes in {', '.join(sorted(theirs))}",
                    f"volume: {volume}",
                    remedy="take nodes of that zone, a volume in theirs, or one without a zone, such as of FSx or EFS",
                )


def _volume_of(job: JobInCluster, world: World, claim: str) -> tuple[str, frozenset[str]]:
    """Return the volume of a claim and the zones that it can be attached in; none where it has no zone."""
    cluster = eks_of(job.live, world)
    found = mapping(world.kubernetes_object(cluster, CLAIM, job.live.namespace, claim))
    name = str(mapping(found.get("spec")).get("volumeName") or "")
    return name, _zones(world.kubernetes_object(cluster, VOLUME, None, name)) if name else frozenset()


def _calls(job: JobInCluster, template: PodTemplate) -> Iterator[tuple[str, str]]:
    """Yield where something calls AWS, and the words that say so."""
    for one in texts(job, template):
        for found in _CALLS_AWS.finditer(one.text):
            yield one.where, found[0]
    for each in template.containers:
        for name, value in environment(each).items():
            if found_in := _CALLS_AWS.search(value):
                yield f"env of {each.get('name', 'the container')}", f"{name}={found_in[0]}"


def _given(template: PodTemplate) -> bool:
    """Whether credentials come by variables, or may come from where a container takes all of its variables."""
    names = {str(mapping(row).get("name")) for one in template.containers for row in rows(one.get("env"))}
    return bool(names & _GIVEN) or any(one.get("envFrom") for one in template.containers)


def _has_role(job: JobInCluster, world: World, account: str) -> bool:
    cluster, where = eks_of(job.live, world), job.live.namespace
    if any((one.namespace, one.service_account) == (where, account) for one in world.pod_identities(cluster)):
        return True
    found = mapping(world.kubernetes_object(cluster, SERVICE_ACCOUNT, where, account))
    return ROLE_ANNOTATION in mapping(mapping(found.get("metadata")).get("annotations"))


def _claims(template: PodTemplate) -> tuple[str, ...]:
    named = (mapping(one.get("persistentVolumeClaim")).get("claimName") for one in template.volumes)
    return tuple(dict.fromkeys(str(name) for name in named if name))


def _zones(volume: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the zones that a volume can be attached in; none where it has no zone."""
    required = mapping(mapping(mapping(mapping(volume).get("spec")).get("nodeAffinity")).get("required"))
    terms = map(mapping, rows(required.get("nodeSelectorTerms")))
    rules = (mapping(rule) for term in terms for rule in rows(term.get("matchExpressions")))
    # EBS's driver has a label of its own beside Kubernetes'.
    keys = (ZONE_LABEL, "topology.ebs.csi.aws.com/zone")
    return frozenset(str(value) for rule in rules if rule.get("key") in keys for value in rows(rule.get("values")))
