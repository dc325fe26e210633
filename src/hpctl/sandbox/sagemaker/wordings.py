"""What the service says when it refuses or fails, word by word, with the source of each wording.

`UNVERIFIED` marks words that were not seen in an AWS answer or document: match the error code there, not
the text.
"""

from __future__ import annotations

from dataclasses import dataclass

from moto.core.exceptions import ServiceException

UNVERIFIED = "unverified"


class SageMakerError(ServiceException):
    """A SageMaker refusal; `code` is AWS's."""


@dataclass(frozen=True)
class Wording:
    """An error code, its text (a format string) and where the text was seen."""

    code: str
    text: str
    source: str

    def error(self, **values: object) -> SageMakerError:
        """Return the error to raise."""
        return SageMakerError(self.code, self.text.format(**values))


VALIDATION = Wording("ValidationException", "{message}", "AWS JSON services")
SERIALIZATION = Wording("SerializationException", "{message}", UNVERIFIED)

CLUSTER_NOT_FOUND = Wording("ResourceNotFound", "Cluster with name '{name}' was not found.", UNVERIFIED)
NODE_NOT_FOUND = Wording("ResourceNotFound", "Node '{node}' was not found in cluster '{name}'.", UNVERIFIED)
EVENT_NOT_FOUND = Wording("ResourceNotFound", "Event '{event}' was not found in cluster '{name}'.", UNVERIFIED)
NAME_IN_USE = Wording(
    "ResourceInUse",
    "Resource Already Exists: Cluster with name {name} already exists. Choose a different name.",
    "moto 5.2.5 sagemaker models",
)
BUSY = Wording("ConflictException", "Cluster '{name}' cannot be deleted while it is {status}.", UNVERIFIED)
EVENTS_NEED_CONTINUOUS = Wording(
    "ValidationException",
    "Cluster events are available only for clusters with NodeProvisioningMode Continuous.",
    UNVERIFIED,
)
NODE_XOR_LOGICAL = Wording("ValidationException", "Specify exactly one of NodeId and NodeLogicalId.", UNVERIFIED)
BAD_TOKEN = Wording("ValidationException", "The NextToken is not valid.", UNVERIFIED)

NO_GROUPS = Wording("ValidationException", "A cluster needs at least one instance group.", UNVERIFIED)
DUPLICATE_GROUP = Wording("ValidationException", "Duplicate instance group name: {group}.", UNVERIFIED)
TYPE_XOR_REQUIREMENTS = Wording(
    "ValidationException",
    "InstanceGroup {group} must have exactly one of InstanceType and InstanceRequirements.",
    UNVERIFIED,
)
ONE_ORCHESTRATOR = Wording("ValidationException", "Orchestrator must have exactly one of Eks and Slurm.", UNVERIFIED)
EKS_NEEDS_VPC = Wording("ValidationException", "VpcConfig is required with the EKS orchestrator.", UNVERIFIED)
EKS_CLUSTER_MISSING = Wording("ValidationException", "The EKS cluster {arn} does not exist.", UNVERIFIED)
EKS_CONFIG_MAP = Wording(
    "ValidationException",
    "EKS clusters with CONFIG_MAP authentication mode are not supported",
    "AWS operational guides for HyperPod",
)
SUBNET_MISSING = Wording(
    "ValidationException", "The subnet '{subnet}' does not exist", "AWS debugger guides for HyperPod"
)
SECURITY_GROUP_MISSING = Wording(
    "ValidationException", "The security group '{group}' does not exist", "AWS debugger guides for HyperPod"
)
ROLE_NOT_ASSUMABLE = Wording(
    "ValidationException",
    "Amazon SageMaker cannot assume the execution role {role}. Ensure that the role exists and that its trust "
    "policy allows the service principal sagemaker.amazonaws.com to assume it.",
    "the words 'cannot assume the execution role' by a live-tested provider in July 2026; the rest unverified",
)
SLURM_CONTROLLERS = Wording(
    "ValidationException",
    "{count} Controller Groups found: SlurmConfig for InstanceGroups may only have one Controller Group.",
    "AWS documentation, HyperPod Slurm",
)
SLURM_NO_CONTROLLER = Wording(
    "ValidationException",
    "Cluster {name} has no InstanceGroup with Controller node type.",
    "AWS documentation, HyperPod Slurm",
)
SLURM_PARTITIONS = Wording(
    "ValidationException",
    "Partitions can only be assigned to Compute node types",
    "AWS documentation, HyperPod Slurm",
)

EFA_HEALTH_CHECK = (
    "EFA health checks did not run successfully. Ensure that your VPC and security groups are properly configured "
    "before attempting to create a new cluster."
)  # AWS documentation, HyperPod troubleshooting
ORCHESTRATION_NOISE = "Request to service failed. If failure persists after retry, contact customer support."
