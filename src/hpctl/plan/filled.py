"""What AWS fills in where a request says nothing: no difference between a spec that omits it and a cluster that has it.

Sources: botocore 1.44.5 sagemaker service model (texts of the members), AWS documentation of UpdateCluster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

Test = Callable[[object], bool]


def _anything(_value: object) -> bool:
    return True


def _only(default: object) -> Test:
    return lambda value: value == default


def _slurm(value: object) -> bool:
    return isinstance(value, Mapping) and "Slurm" in value


_THREADS: Final = {"ThreadsPerCore": _anything}

FILLED: Final[Mapping[str, Mapping[str, Test]]] = {
    # UpdateCluster leaves alone what it is not given of a cluster (but not of a group).
    "CreateClusterRequest": {
        "Orchestrator": _slurm,
        "NodeRecovery": _anything,
        "NodeProvisioningMode": _anything,
        "ClusterRole": _anything,
        "AutoScaling": _anything,
        "TieredStorageConfig": _anything,
        "RestrictedInstanceGroupsConfig": _anything,
    },
    "ClusterInstanceGroupSpecification": {
        **_THREADS,
        "ImageId": _anything,
        "ImageReleaseVersion": _anything,
        "MinInstanceCount": _only(0),
        "CapacityRequirements": _only({"OnDemand": {}}),
        "NetworkInterface": _only({"InterfaceType": "efa"}),
    },
    "ClusterRestrictedInstanceGroupSpecification": _THREADS,
    "ClusterEbsVolumeConfig": {"RootVolume": _only(default=False)},
    "ClusterFsxLustreConfig": {"MountPath": _anything},
    "ClusterFsxOpenZfsConfig": {"MountPath": _anything},
    "DeploymentConfiguration": {"WaitIntervalInSeconds": _only(0)},
    "RollingDeploymentPolicy": {"RollbackMaximumBatchSize": _anything},
    "ClusterAutoPatchConfig": {
        "PatchSchedule": _anything,
        "IdleWaitWindowInSeconds": _anything,
        "DrainPolicy": _anything,
    },
    "ClusterPatchSchedule": {"NextPatchDate": _anything},
    "ClusterDrainPolicy": {"DrainTimeoutInSeconds": _anything, "OnDrainTimeout": _anything},
    "ClusterAutoScalingConfig": {"AutoScalerType": _anything},
    "ClusterTieredStorageConfig": {"InstanceMemoryAllocationPercentage": _anything},
    "ClusterAccountingDatabase": {"Port": _anything, "Name": _anything},
    "ClusterOrchestratorSlurmConfig": {"SlurmConfigStrategy": _anything},
}
"""Shape, then member, then whether a value may be AWS's doing or of no account."""

_USUAL: Final[Mapping[str, tuple[object, ...]]] = {
    "ThreadsPerCore": (1,),
    "NodeRecovery": ("Automatic",),
    "NodeProvisioningMode": (),
    "ClusterRole": (),
    "AutoScaling": (),
    "TieredStorageConfig": (),
    "RestrictedInstanceGroupsConfig": (),
}
"""Members that a person may have forgotten, and the values with which they say nothing."""


def is_filled(shape: str, member: str, value: object) -> bool:
    """Whether a cluster may have `value` without anybody having asked for it."""
    test = FILLED.get(shape, {}).get(member)
    return test is not None and test(value)


def is_notable(member: str, value: object) -> bool:
    """Whether a person should hear that the cluster keeps `value`, which the spec does not name."""
    if isinstance(value, Mapping) and value.get("Mode") == "Disable":
        return False
    return member in _USUAL and value not in _USUAL[member]
