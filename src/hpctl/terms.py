"""Shared enums, in the words of AWS, Kubernetes and Slurm.

Members that AWS defines carry AWS's own values; a contract test compares them with botocore.
Answers from AWS are kept as plain strings, because a newer service may say a newer word.
"""

from __future__ import annotations

from enum import StrEnum


class Orchestrator(StrEnum):
    """Who schedules jobs on the cluster."""

    EKS = "eks"
    SLURM = "slurm"


class AcceleratorKind(StrEnum):
    """What accelerates an instance type."""

    NVIDIA = "nvidia"
    NEURON = "neuron"
    NONE = "none"


class AuthenticationMode(StrEnum):
    """How an EKS cluster maps IAM principals to Kubernetes users (EKS `AuthenticationMode`)."""

    API = "API"
    API_AND_CONFIG_MAP = "API_AND_CONFIG_MAP"
    CONFIG_MAP = "CONFIG_MAP"


class ClusterStatus(StrEnum):
    """The life of a HyperPod cluster (SageMaker `ClusterStatus`)."""

    CREATING = "Creating"
    DELETING = "Deleting"
    FAILED = "Failed"
    IN_SERVICE = "InService"
    ROLLING_BACK = "RollingBack"
    SYSTEM_UPDATING = "SystemUpdating"
    UPDATING = "Updating"


class SlurmNodeType(StrEnum):
    """What the nodes of an instance group do for Slurm (SageMaker `ClusterSlurmNodeType`)."""

    CONTROLLER = "Controller"
    LOGIN = "Login"
    COMPUTE = "Compute"


class Outcome(StrEnum):
    """How a check ended."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIP = "skip"
