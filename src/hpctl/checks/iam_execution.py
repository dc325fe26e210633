"""What nodes may do with their execution role, by IAM's policy simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hpctl.catalog.iam_actions import ActionSet, action_set
from hpctl.checks.declare import check, fail, warn
from hpctl.checks.permissions import RoleUse, allowing, denial, execution_roles, grant, places_of, refusals, told
from hpctl.checks.scripts import Folder, folders, runs
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.groups import Group
from hpctl.terms import Orchestrator

SIMULATE = ("iam:SimulatePrincipalPolicy",)
EXISTS = ("iam-exec-exists",)
_ADMINISTER = "administer"
"""Asked together with what nodes need, which costs no simulation of its own."""


@check(
    "iam-exec-vpc",
    "execution roles may attach nodes to the network",
    about=("instance_groups", "network"),
    needs=EXISTS,
    reads=SIMULATE,
)
def exec_vpc(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes in a VPC of yours get network interfaces that the execution role makes, shares, tags and removes.

    AmazonSageMakerClusterInstanceRolePolicy does not allow that. Without it the node fails with "Failed to create
    Customer ENI", and deleting the cluster hangs for want of the permissions to remove them.
    """
    yield from _refused(spec, world, "vpc", "may not make network interfaces in the VPC", fail)


@check(
    "iam-exec-eks-cni",
    "execution roles may give pods their addresses",
    about=("instance_groups", "orchestrator"),
    needs=EXISTS,
    reads=SIMULATE,
)
def exec_eks_cni(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """On EKS the VPC CNI of each node takes addresses for pods with the execution role; AmazonEKS_CNI_Policy does."""
    yield from _refused(spec, world, "eks-cni", "may not give pods addresses (VPC CNI)", fail)


@check(
    "iam-exec-ecr",
    "execution roles may pull container images",
    about=("instance_groups", "orchestrator"),
    needs=EXISTS,
    reads=SIMULATE,
    blocking=False,
)
def exec_ecr(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """On EKS images of private ECR repositories, those of the system's own pods among them, come with the role.

    The question is about every repository: a role that may pull from some only is warned about, too.
    """
    yield from _refused(spec, world, "ecr", "may not pull images from ECR", warn)


@check(
    "iam-exec-pod-identity",
    "execution roles may let pods assume roles of their own",
    about=("instance_groups", "orchestrator"),
    needs=EXISTS,
    reads=SIMULATE,
    blocking=False,
)
def exec_pod_identity(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """EKS Pod Identity's agent on a node fetches the credentials of pods with the execution role.

    HyperPod's training operator and its observability add-on get their own that way; without the action their pods
    have none.
    """
    yield from _refused(spec, world, "pod-identity", "may not let pods assume their roles (Pod Identity)", warn)


@check(
    "iam-exec-logs",
    "execution roles may write the cluster's logs",
    about=("instance_groups",),
    needs=EXISTS,
    reads=SIMULATE,
    blocking=False,
)
def exec_logs(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Lifecycle scripts and the health agent log to CloudWatch, `/aws/sagemaker/Clusters/<name>/<id>`, with the role.

    Without it a failing script leaves nothing to read.
    """
    yield from _refused(spec, world, "logs", "may not write the cluster's logs to CloudWatch", warn)


@check(
    "iam-exec-ssm",
    "execution roles may open sessions",
    about=("instance_groups",),
    needs=EXISTS,
    reads=SIMULATE,
    blocking=False,
)
def exec_ssm(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Session Manager is the only way into a node: its agent opens the channels with the execution role."""
    yield from _refused(spec, world, "ssm", "may not open Session Manager channels", warn)


@check(
    "iam-exec-wildcard",
    "execution roles may not administer the account",
    about=("instance_groups",),
    needs=EXISTS,
    reads=SIMULATE,
    blocking=False,
)
def exec_wildcard(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Whoever has a shell or a job on a node can use the rights of its execution role.

    A role that may change IAM's policies on everything (AdministratorAccess, `Action: "*"`) hands out the account.
    Asked is by simulation, so that it does not matter which policy says so.
    """
    places = places_of(spec, world.identity())
    for use in execution_roles(spec):
        sets = {one: action_set(one, places) for one in (*needed(spec, use), _ADMINISTER)}
        verdicts = told(world, use.arn, sets[_ADMINISTER], sets.values())
        if allowed := [verdict.action for verdict in verdicts if verdict.allowed]:
            yield warn(
                use.subject,
                "may change who may do what in the whole account, and so may everybody on its nodes",
                f"allowed on every resource: {', '.join(allowed)}",
                use.group_names,
                remedy="find the policy that allows it, and leave the role what nodes need\n"
                f"aws iam list-attached-role-policies --role-name {use.name}\n"
                f"aws iam list-role-policies --role-name {use.name}\n"
                "hpctl iam policy execution-role -f FILE > nodes.json",
                at=use.path,
            )


@check(
    "iam-exec-fsx",
    "execution roles may look up the file systems they mount",
    about=("instance_groups",),
    needs=EXISTS,
    reads=SIMULATE,
    blocking=False,
)
def exec_fsx(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Groups that mount FSx for Lustre or OpenZFS need `fsx:DescribeFileSystems` (AWS documentation)."""
    yield from _refused(spec, world, "fsx", "mounts FSx and may not describe file systems", warn)


@check(
    "iam-exec-lifecycle-read",
    "execution roles may read the lifecycle scripts",
    about=("instance_groups",),
    needs=EXISTS,
    reads=SIMULATE,
)
def exec_lifecycle_read(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Nodes list the bucket and download their scripts with the execution role; without them they fail.

    AmazonSageMakerClusterInstanceRolePolicy allows it for buckets named `sagemaker-…` of the own account only.
    Not looked at: the bucket's own policy.
    """
    identity = world.identity()
    for use in execution_roles(spec):
        for folder, script in _scripts(spec, use).items():
            values = {"bucket": folder.bucket, "prefix": folder.prefix, "script": script}
            wanted = action_set("lifecycle", places_of(spec, identity) | values)
            if refused := refusals(world, use.arn, wanted):
                yield fail(
                    use.subject,
                    f"may not read the lifecycle scripts in `{folder.uri}`",
                    *denial(refused),
                    use.group_names,
                    remedy=grant(use.arn, refused, wanted),
                    at=use.path,
                    fix=allowing(use.arn, refused, wanted),
                )


def needed(spec: ClusterSpec, use: RoleUse) -> Iterator[str]:
    """Yield the ids of the action sets that a role's nodes need."""
    if any(spec.effective_network(group) for group in use.groups):
        yield "vpc"
    if spec.kind_of_orchestrator is Orchestrator.EKS:
        yield from ("eks-cni", "ecr", "pod-identity")
    yield from ("logs", "ssm")
    if any(mounts_fsx(group) for group in use.groups):
        yield "fsx"


def mounts_fsx(group: Group) -> bool:
    """Whether the group's nodes mount an FSx file system."""
    return any(storage.fsx_lustre or storage.fsx_open_zfs for storage in group.storage)


def _refused(
    spec: ClusterSpec, world: World, set_id: str, message: str, report: Callable[..., Finding]
) -> Iterator[Finding]:
    places = places_of(spec, world.identity())
    for use in execution_roles(spec):
        sets: dict[str, ActionSet] = {one: action_set(one, places) for one in (*needed(spec, use), _ADMINISTER)}
        wanted = sets.get(set_id)
        if wanted and (refused := refusals(world, use.arn, wanted, sets.values())):
            remedy, fix = grant(use.arn, refused, wanted), allowing(use.arn, refused, wanted)
            yield report(use.subject, message, *denial(refused), use.group_names, remedy=remedy, at=use.path, fix=fix)


def _scripts(spec: ClusterSpec, use: RoleUse) -> dict[Folder, str]:
    """Return the folders that a role's nodes read, each with the name of a script in it."""
    found: dict[Folder, str] = {}
    for _path, group, folder in folders(spec):
        if group in use.groups:
            found.setdefault(folder, runs(group))
    return found
