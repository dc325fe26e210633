"""What CreateCluster refuses for what the request alone says: members that demand or exclude each other.

The rules are documented for CreateCluster (botocore 1.44.5 sagemaker service model, AWS documentation of HyperPod);
how the service words its refusals was not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpctl.sandbox.account import has_accelerators, threads_per_core
from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.faults import types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hpctl.sandbox.sagemaker.wordings import SageMakerError

    Request = Mapping[str, Any]


def problems_of(request: Request) -> Iterator[SageMakerError]:
    """Yield what is wrong, in the order of refusal."""
    for rule in _RULES:
        yield from rule(request)


def groups_of(request: Request) -> list[dict[str, Any]]:
    """Return instance groups and restricted instance groups, in the order of the request."""
    return [*request.get("InstanceGroups", []), *request.get("RestrictedInstanceGroups", [])]


def is_spot(group: Mapping[str, Any]) -> bool:
    """Whether a group's specification asks for Spot instances."""
    return "Spot" in group.get("CapacityRequirements", {})


def _threads_fit(request: Request) -> Iterator[SageMakerError]:
    for group in groups_of(request):
        threads = group.get("ThreadsPerCore")
        for kind in types_of(group):
            if threads and threads not in (threads_per_core(kind) or (threads,)):
                yield wordings.THREADS_PER_CORE.error(threads=threads, type=kind)


def _deep_checks_fit(request: Request) -> Iterator[SageMakerError]:
    for group in groups_of(request):
        if not group.get("OnStartDeepHealthChecks"):
            continue
        for kind in types_of(group):
            if not has_accelerators(kind):
                yield wordings.DEEP_CHECKS_TYPE.error(type=kind)
        if group.get("KubernetesConfig", {}).get("Taints"):
            yield wordings.DEEP_CHECKS_TAINTS.error(group=group["InstanceGroupName"])


def _volumes_are_one_of_each(request: Request) -> Iterator[SageMakerError]:
    for group in groups_of(request):
        volumes = [
            each["EbsVolumeConfig"] for each in group.get("InstanceStorageConfigs", []) if "EbsVolumeConfig" in each
        ]
        roots = sum(bool(volume.get("RootVolume")) for volume in volumes)
        if roots > 1 or len(volumes) - roots > 1:
            yield wordings.VOLUMES.error(group=group["InstanceGroupName"])


def _continuous_is_there(request: Request) -> Iterator[SageMakerError]:
    if request.get("NodeProvisioningMode") == "Continuous":
        return
    for group in groups_of(request):
        if is_spot(group):
            yield wordings.NEEDS_CONTINUOUS.error(feature="Spot capacity")
        if "InstanceRequirements" in group:
            yield wordings.NEEDS_CONTINUOUS.error(feature="InstanceRequirements")
    if request.get("AutoScaling", {}).get("Mode") == "Enable":
        yield wordings.NEEDS_CONTINUOUS.error(feature="AutoScaling")
    if "AccountingDatabase" in request.get("Orchestrator", {}).get("Slurm", {}):
        yield wordings.NEEDS_CONTINUOUS.error(feature="AccountingDatabase")


def _scripts_have_a_place(request: Request) -> Iterator[SageMakerError]:
    for group in groups_of(request):
        config = group.get("LifeCycleConfig", {})
        if config.keys() & {"OnCreate", "OnInitComplete"} and "SourceS3Uri" not in config:
            yield wordings.SCRIPTS_NEED_A_PLACE.error(group=group["InstanceGroupName"])


def _tags_are_the_users(request: Request) -> Iterator[SageMakerError]:
    if any(tag["Key"].casefold().startswith("aws:") for tag in request.get("Tags", [])):
        yield wordings.RESERVED_TAG.error()


def _autoscaling_is_whole(request: Request) -> Iterator[SageMakerError]:
    if request.get("AutoScaling", {}).get("Mode") != "Enable":
        return
    if "Eks" not in request.get("Orchestrator", {}):
        yield wordings.AUTOSCALING_NEEDS_EKS.error()
    if "ClusterRole" not in request:
        yield wordings.NEEDS_CLUSTER_ROLE.error()


def _slurm_merges_when_continuous(request: Request) -> Iterator[SageMakerError]:
    strategy = request.get("Orchestrator", {}).get("Slurm", {}).get("SlurmConfigStrategy", "Merge")
    if request.get("NodeProvisioningMode") == "Continuous" and strategy != "Merge":
        yield wordings.SLURM_STRATEGY.error(strategy=strategy)


def _slurm_controller_is_one(request: Request) -> Iterator[SageMakerError]:
    for group in groups_of(request):
        if group.get("SlurmConfig", {}).get("NodeType") == "Controller" and group["InstanceCount"] != 1:
            yield wordings.SLURM_CONTROLLER_COUNT.error(group=group["InstanceGroupName"], count=group["InstanceCount"])


def _file_systems_have_a_vpc(request: Request) -> Iterator[SageMakerError]:
    for group in groups_of(request):
        mounts = [each for each in group.get("InstanceStorageConfigs", []) if "EbsVolumeConfig" not in each]
        if mounts and "VpcConfig" not in request and "OverrideVpcConfig" not in group:
            yield wordings.FSX_NEEDS_VPC.error(group=group["InstanceGroupName"])


_RULES: tuple[Callable[[Request], Iterator[SageMakerError]], ...] = (
    _threads_fit,
    _deep_checks_fit,
    _volumes_are_one_of_each,
    _scripts_have_a_place,
    _tags_are_the_users,
    _continuous_is_there,
    _autoscaling_is_whole,
    _slurm_merges_when_continuous,
    _slurm_controller_is_one,
    _file_systems_have_a_vpc,
)
