"""The questions of `hpctl init`, and who judges their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from pydantic import ValidationError

from hpctl.catalog.instance_types import instance_types
from hpctl.checks.catalogue import CHECKS
from hpctl.checks.declare import Check
from hpctl.errors import HpctlError
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.services.wizard import cluster_choices as choices
from hpctl.services.wizard.cluster_choices import Sight
from hpctl.services.wizard.cluster_spec import NOTHING, STAND_INS, spec_of
from hpctl.services.wizard.question import Answers, Form, Objection, Option, Question, first
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Outcome

_YES_NO: Final = ("yes", "no")
_QUOTAS: Final = ("capacity-ultraserver", "quota-instance-type")
_KINDS: Final = (
    Option("eks", "an EKS cluster that is there already schedules the work"),
    Option("slurm", "Slurm, on nodes of the cluster's own"),
)


def _on_eks(answers: Answers) -> bool:
    return first(answers, "orchestrator") == "eks"


def _on_slurm(answers: Answers) -> bool:
    return first(answers, "orchestrator") == "slurm"


def _wants_vpc(answers: Answers) -> bool:
    """A VPC is asked for on Slurm alone, to find subnets: EKS has one, and subnets that were named tell it."""
    return _on_slurm(answers) and ("vpc" in answers or "subnet" not in answers)


def _has_scripts(answers: Answers) -> bool:
    return first(answers, "scripts") not in (None, NOTHING)


def _can_be_stressed(answers: Answers) -> bool:
    chosen = first(answers, "instance-type")
    return _on_eks(answers) and any(one.name == chosen and one.supports_deep_health_checks for one in instance_types())


def _of_one_node(answers: Answers) -> Answers:
    """The nodes may be spread over subnets, so each has room for one at least."""
    return {**answers, "count": ("1",)}


def _region_in_use(_answers: Answers, sight: Sight) -> str | None:
    return sight.region


def _always(value: str) -> Callable[[Answers, Sight], str]:
    return lambda _answers, _sight: value


QUESTIONS: Final[tuple[Question[Sight], ...]] = (
    Question(
        "region",
        "In which Region?",
        "The cluster, its network and its EKS cluster are in one Region; hpctl refuses to act in another.",
        options=choices.regions,
        default=_region_in_use,
    ),
    Question(
        "orchestrator",
        "Who schedules the work?",
        "EKS: jobs are Kubernetes objects. Slurm: jobs are sbatch scripts.",
        options=lambda _answers, _sight: _KINDS,
        closed=True,
    ),
    Question(
        "name",
        "What is the cluster called?",
        "Unique in the account and Region; it cannot be changed afterwards.",
        default=_always("hyperpod"),
    ),
    Question(
        "eks-cluster",
        "Which EKS cluster do the nodes join?",
        "It must take access entries, have a version that HyperPod supports, and the core add-ons.",
        options=choices.eks_clusters,
        asked=_on_eks,
        rests_on=("region", "orchestrator"),
        checks=("eks-cluster-active", "eks-auth-mode", "eks-version", "eks-two-az", "eks-addon-core"),
    ),
    Question(
        "instance-type",
        "Which instance type?",
        "Its quota is `for cluster usage`, apart from EC2's; in new accounts it is 0, and an increase takes days.",
        options=choices.worker_types,
        rests_on=("region",),
        checks=_QUOTAS,
    ),
    Question(
        "count",
        "How many of them?",
        "Nodes of one kind that run jobs.",
        default=_always("1"),
        rests_on=("instance-type",),
        later=(*_QUOTAS, "quota-cluster-instances", "quota-total-instances"),
    ),
    Question(
        "controller-type",
        "On which instance type does Slurm's controller run?",
        "One node beside the others; it needs no accelerator.",
        options=choices.controller_types,
        asked=_on_slurm,
        default=_always("ml.m5.2xlarge"),
        rests_on=("region", "orchestrator"),
        checks=(*_QUOTAS, "slurm-controller-type"),
    ),
    Question(
        "vpc",
        "In which VPC?",
        "Only to find subnets: the spec names those.",
        options=choices.vpcs,
        asked=_wants_vpc,
        rests_on=("region", "orchestrator"),
    ),
    Question(
        "subnet",
        "In which subnets?",
        "Private ones with room for all nodes; with EFA all in one zone, which must offer the instance type.",
        options=choices.subnets,
        several=True,
        rests_on=("region", "orchestrator", "eks-cluster", "vpc", "instance-type", "count"),
        checks=(
            "eks-same-vpc",
            "network-subnet-private",
            "network-egress-path",
            "network-efa-single-az",
            "capacity-type-offered",
        ),
        jointly=("network-free-ips",),
        share=_of_one_node,
        later=("network-ids-exist",),
    ),
    Question(
        "security-group",
        "Which security groups do the nodes get?",
        "Each lets its own members talk, in and out; together they let nodes reach AWS, and an EKS control plane.",
        options=choices.security_groups,
        several=True,
        rests_on=("subnet",),
        checks=("network-same-vpc", "network-sg-self-ref"),
        jointly=("network-sg-egress", "eks-sg-reachability"),
        later=("network-ids-exist",),
    ),
    Question(
        "execution-role",
        "Which role do the nodes assume?",
        "SageMaker must be trusted by it, and it must be allowed what nodes do; `hpctl iam policy` prints that.",
        options=choices.roles,
        rests_on=("region", "orchestrator"),
        checks=("iam-exec-vpc", "iam-exec-eks-cni"),
        later=("iam-exec-exists", "iam-exec-trust"),
    ),
    Question(
        "scripts",
        "In which S3 folder are the lifecycle scripts?",
        "s3://BUCKET/FOLDER; `hpctl lifecycle init` writes some to begin with, `lifecycle upload` puts them there.",
        options=choices.scripts,
        rests_on=("region", "execution-role"),
        checks=("iam-exec-lifecycle-read",),
        later=("lifecycle-prefix-exists",),
    ),
    Question(
        "on-create",
        "Which of the scripts runs while a node is made?",
        "Its name in that folder.",
        asked=_has_scripts,
        default=_always("on_create.sh"),
        rests_on=("scripts",),
        later=("lifecycle-entrypoint-present", "lifecycle-syntax"),
    ),
    Question(
        "volume-gb",
        "How large is each node's volume, in GB?",
        "An EBS volume beside the root's, for images and caches; the quota of its size may be 1024.",
        default=_always("500"),
        later=("quota-ebs-size", "storage-volume-size"),
    ),
    Question(
        "fsx",
        "Which FSx for Lustre file system do all nodes mount at /fsx?",
        "DNS_NAME/MOUNT_NAME, as FSx tells both; jobs keep code and checkpoints there.",
        options=choices.file_systems,
        asked=_on_slurm,
        default=_always(NOTHING),
        rests_on=("region", "orchestrator", "subnet", "security-group"),
        checks=("storage-fsx-exists", "storage-fsx-vpc-az"),
        later=("storage-fsx-names", "storage-fsx-ports"),
    ),
    Question(
        "deep-health-checks",
        "Is each new node put under stress before it takes work?",
        "It finds faulty accelerators, and takes about two hours a node.",
        options=lambda _answers, _sight: tuple(map(Option, _YES_NO)),
        closed=True,
        asked=_can_be_stressed,
        default=_always("no"),
        rests_on=("instance-type",),
        later=("spec-deep-checks",),
    ),
    Question(
        "file",
        "Where is the spec written to?",
        "A file that is not there yet.",
        default=_always("cluster.yaml"),
    ),
)
"""In the order in which they are asked: each may rest on those before it."""

_BY_ID: Final = {one.id: one for one in CHECKS}
_CLOSED: Final = {"orchestrator": tuple(one.value for one in _KINDS), "deep-health-checks": _YES_NO}


def cluster_form(sight: Callable[[Answers], Sight], taken: Callable[[str], str | None]) -> Form[Sight]:
    """Return the form; `sight` is the account in the Region that was answered, `taken` why a file cannot be written."""

    def refusal(answers: Answers, question: Question[Sight]) -> str | None:
        said = answers[question.name]
        allowed = _CLOSED.get(question.name, said)
        if wrong := [one for one in said if one not in allowed]:
            return f"`{question.flag} {wrong[0]}` cannot be; choose from {', '.join(f'`{one}`' for one in allowed)}"
        return taken(said[0]) if question.name == "file" else _invalid(answers, question)

    return Form("hpctl init", QUESTIONS, sight, refusal, objections)


def _invalid(answers: Answers, question: Question[Sight]) -> str | None:
    try:
        spec_of(answers)
    except ValidationError as error:
        return f"`{question.flag} {' '.join(answers[question.name])}` cannot be: {error.errors()[0]['msg']}"
    return None


def objections(answers: Answers, ids: tuple[str, ...], sight: Sight) -> Iterator[Objection]:
    """Yield what the checks of these ids have against the answers; what is not answered yet is nobody's fault.

    Each check runs by itself, in this thread, when what it says is asked for: what it needs was judged with an earlier
    answer or by a check before it, and hundreds of options are judged one after the other.
    """
    try:
        spec = spec_of(answers)
    except ValidationError:  # an option that the spec's model refuses is refused when it is chosen
        return
    for check in (_BY_ID[one] for one in ids):
        if check.judges(spec) and not (sight.blind and check.reads):
            yield from _found(check, spec, sight.world)


def _found(check: Check, spec: ClusterSpec, world: World) -> Iterator[Objection]:
    try:
        for one in check.judge(spec, world):
            if one.level == "fail" and not _of_stand_in(one):
                yield Objection(check.id, Outcome.FAIL, one.subject, one.message)
    except HpctlError as error:
        yield Objection(check.id, Outcome.UNKNOWN, check.title, f"{check.title}: {error.message}")


def _of_stand_in(finding: Finding) -> bool:
    told = " ".join((finding.subject, finding.message, *finding.evidence))
    return any(one in told for one in STAND_INS)
