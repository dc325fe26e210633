"""A cluster spec made of answers, with stand-ins for what nobody has answered yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.catalog.instance_types import instance_types
from hpctl.services.wizard.question import Answers, first
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import AcceleratorKind, Orchestrator, SlurmNodeType

NOTHING: Final = "none"
"""The answer of a cluster without lifecycle scripts, or without a file system that its nodes share."""

_TYPE: Final = "ml.m5.2xlarge"
STAND_INS: Final = ("not-answered-yet", "sg-00000000000000000", "subnet-00000000000000000")
"""What is in the spec where answers are still missing: what checks find about these is nobody's fault."""

_NAME, _GROUP, _SUBNET = STAND_INS
_ROLE: Final = f"arn:aws:iam::000000000000:role/{_NAME}"
_PARTITION: Final = "train"
_STRESS: Final = ("InstanceStress", "InstanceConnectivity")


def spec_of(answers: Answers) -> ClusterSpec:
    """Return the spec that the answers amount to; raises Pydantic's `ValidationError` for one that cannot be."""
    return ClusterSpec.model_validate(_document(answers))


def _document(answers: Answers) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": first(answers, "name") or _NAME,
        "orchestrator": _orchestrator(answers),
        "instance_groups": list(_groups(answers)),
        "node_recovery": "Automatic",
        "node_provisioning": "Continuous",
    }
    if region := first(answers, "region"):
        document["region"] = region
    if "subnet" in answers or "security-group" in answers:
        document["network"] = {
            "security_group_ids": list(answers.get("security-group", (_GROUP,))),
            "subnet_ids": list(answers.get("subnet", (_SUBNET,))),
        }
    return document


def _orchestrator(answers: Answers) -> Mapping[str, object]:
    if first(answers, "orchestrator") == Orchestrator.SLURM:
        return {"slurm": {"slurm_config_strategy": "Merge"}}
    return {"eks": {"cluster": first(answers, "eks-cluster") or _NAME}}


def _groups(answers: Answers) -> Iterator[dict[str, Any]]:
    slurm = first(answers, "orchestrator") == Orchestrator.SLURM
    if slurm and (head := first(answers, "controller-type")):
        yield _group(answers, "controller", head, 1) | {"slurm": {"node_type": SlurmNodeType.CONTROLLER}}
    worker = first(answers, "instance-type") or _TYPE
    group = _group(answers, "workers", worker, _number(first(answers, "count") or "1"))
    if _takes_two_threads(worker):
        group["threads_per_core"] = 2
    if volume := first(answers, "volume-gb"):
        group["storage"] = [{"ebs": {"volume_size_in_gb": _number(volume)}}, *group.get("storage", ())]
    if first(answers, "deep-health-checks") == "yes":
        group["deep_health_checks"] = list(_STRESS)
    if slurm:
        group["slurm"] = {"node_type": SlurmNodeType.COMPUTE, "partition_names": [_PARTITION]}
    yield group


def _group(answers: Answers, name: str, instance_type: str, count: int | str) -> dict[str, Any]:
    group: dict[str, Any] = {
        "name": name,
        "type": instance_type,
        "count": count,
        "execution_role": first(answers, "execution-role") or _ROLE,
    }
    scripts = first(answers, "scripts")
    if scripts not in (None, NOTHING):
        group["lifecycle"] = {"source_s3_uri": scripts, "on_create": first(answers, "on-create") or "on_create.sh"}
    if (shared := first(answers, "fsx")) not in (None, NOTHING):
        dns_name, _, mount_name = str(shared).partition("/")
        group["storage"] = [{"fsx_lustre": {"dns_name": dns_name, "mount_name": mount_name, "mount_path": "/fsx"}}]
    return group


def _number(text: str) -> int | str:
    """The number, or the text as it is: the spec's own model says what is wrong with it."""
    return int(text) if text.isascii() and text.isdecimal() else text


def _takes_two_threads(name: str) -> bool:
    """Whether hyper-threading is worth keeping: frameworks feed accelerators with many processes."""
    return any(
        one.name == name and one.accelerator_kind is not AcceleratorKind.NONE and 2 in (one.threads_per_core or ())  # noqa: PLR2004 - two threads
        for one in instance_types()
    )
