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
BUSY = Wording("ConflictException", "Cluster '{name}' cannot be {what} while it is {status}.", UNVERIFIED)
OPERATION_NOT_FOUND = Wording(
    "ResourceNotFound", "Operation '{operation}' was not found in cluster '{name}'.", UNVERIFIED
)
EVENTS_NEED_CONTINUOUS = Wording(
    "ValidationException",
    "Cluster events are available only for clusters with NodeProvisioningMode Continuous.",
    UNVERIFIED,
)
NODE_XOR_LOGICAL = Wording("ValidationException", "Specify exactly one of NodeId and NodeLogicalId.", UNVERIFIED)
BAD_TOKEN = Wording("ValidationException", "The NextToken is not valid.", UNVERIFIED)

NOTHING_TO_UPDATE = Wording("ValidationException", "The request changes nothing.", UNVERIFIED)
GROUP_NOT_FOUND = Wording(
    "ValidationException", "Instance group '{group}' was not found in cluster '{name}'.", UNVERIFIED
)
GROUP_KEPT_AND_DELETED = Wording(
    "ValidationException", "Instance group '{group}' cannot be updated and deleted in one request.", UNVERIFIED
)
GROUP_BUSY = Wording(
    "ConflictException", "Instance group '{group}' cannot be updated while it is {status}.", UNVERIFIED
)
CONTROLLER_STAYS = Wording(
    "ValidationException",
    "Instance group '{group}' holds the Slurm controller and cannot be deleted or left without instances.",
    UNVERIFIED,
)
IMMUTABLE = Wording("ValidationException", "{member} of {what} cannot be changed.", UNVERIFIED)
ROLE_OF_SCALING = Wording(
    "ValidationException", "ClusterRole cannot be updated while autoscaling is enabled.", UNVERIFIED
)
CONTINUOUS_ONLY = Wording(
    "ValidationException",
    "{operation} is supported only for clusters with NodeProvisioningMode Continuous.",
    UNVERIFIED,
)
NOT_IN_SERVICE = Wording(
    "ValidationException", "Nodes of cluster '{name}' cannot be {what} while it is {status}.", UNVERIFIED
)
NODES_NEEDED = Wording("ValidationException", "Specify NodeIds, NodeLogicalIds, or both.", UNVERIFIED)
TOO_MANY_NODES = Wording("ValidationException", "At most {most} nodes can be {what} in one request.", UNVERIFIED)
LOGICAL_IDS = Wording(
    "ValidationException",
    "NodeLogicalIds are supported only for clusters with NodeProvisioningMode Continuous.",
    UNVERIFIED,
)
# AWS documentation says that a cluster has to be patched once; how the refusal is worded is not known.
NOT_PATCHED = Wording(
    "ValidationException",
    "Nodes of cluster '{name}' cannot be {what} before its software was updated once by UpdateClusterSoftware.",
    UNVERIFIED,
)
OTHER_PARAMETERS = Wording("ValidationException", "The ClientToken was used with other parameters.", UNVERIFIED)
CUSTOM_IMAGE = Wording(
    "ValidationException", "ImageId is required: instance group '{group}' uses a custom AMI.", UNVERIFIED
)
NODE_OF_OTHER_GROUP = Wording(
    "ValidationException", "Instance '{node}' was not found in instance group '{group}'.", UNVERIFIED
)
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

THREADS_PER_CORE = Wording(
    "ValidationException", "ThreadsPerCore {threads} is not supported by instance type {type}.", UNVERIFIED
)
DEEP_CHECKS_TYPE = Wording(
    "ValidationException", "Deep health checks are not supported by instance type {type}.", UNVERIFIED
)
DEEP_CHECKS_TAINTS = Wording(
    "ValidationException", "InstanceGroup {group} cannot have both deep health checks and taints.", UNVERIFIED
)
VOLUMES = Wording(
    "ValidationException",
    "InstanceGroup {group} may have one root volume and one further EBS volume.",
    UNVERIFIED,
)
SCRIPTS_NEED_A_PLACE = Wording(
    "ValidationException", "InstanceGroup {group} names lifecycle scripts without a SourceS3Uri.", UNVERIFIED
)
RESERVED_TAG = Wording(
    "ValidationException",
    "aws: prefixed tag key names are not allowed for external use.",
    "IAM and other services say so; that SageMaker does in the same words is unverified",
)
NEEDS_CONTINUOUS = Wording("ValidationException", "{feature} requires NodeProvisioningMode Continuous.", UNVERIFIED)
AUTOSCALING_NEEDS_EKS = Wording("ValidationException", "AutoScaling requires the EKS orchestrator.", UNVERIFIED)
NEEDS_CLUSTER_ROLE = Wording("ValidationException", "ClusterRole is required when AutoScaling is enabled.", UNVERIFIED)
SLURM_STRATEGY = Wording(
    "ValidationException",
    "SlurmConfigStrategy {strategy} is not supported with NodeProvisioningMode Continuous.",
    UNVERIFIED,
)
SLURM_CONTROLLER_COUNT = Wording(
    "ValidationException", "Controller Group {group} must have one instance, not {count}.", UNVERIFIED
)
FSX_NEEDS_VPC = Wording(
    "ValidationException", "InstanceGroup {group} mounts FSx, which requires a VpcConfig.", UNVERIFIED
)

RESOURCE_LIMIT = Wording(
    "ResourceLimitExceeded",
    "The account-level service limit '{quota}' is {limit} Instances, with current utilization of {used} Instances and "
    "a request delta of {delta} Instances. Please use AWS Service Quotas to request an increase for this quota. If AWS "
    "Service Quotas is not available, contact AWS support to request an increase for this quota.",
    "SageMaker's answer for cluster usage; that totals use the same sentence is unverified",
)
VOLUME_LIMIT = Wording(
    "ResourceLimitExceeded",
    "The account-level service limit '{quota}' is {limit} GB, and the request asks for {asked} GB.",
    UNVERIFIED,
)
OTHER_NETWORKS = Wording(
    "ValidationException",
    "You have specified two resources that belong to different networks: {first} and {second}.",
    "the first half is EC2's (CreateNetworkInterface); that SageMaker repeats it is unverified",
)
EKS_OTHER_VPC = Wording(
    "ValidationException", "The VPC {vpc} of VpcConfig is not the VPC {other} of the EKS cluster.", UNVERIFIED
)
EKS_NOT_ACTIVE = Wording("ValidationException", "The EKS cluster {arn} is {status}, not ACTIVE.", UNVERIFIED)
EKS_VERSION = Wording(
    "ValidationException", "Kubernetes version {version} of the EKS cluster {arn} is not supported.", UNVERIFIED
)
EKS_DEPENDENCIES = Wording(
    "ValidationException",
    "Amazon EKS orchestrator cluster is missing required dependencies",
    "AWS documentation, HyperPod EKS, where it tells of the Helm chart; that it tells of add-ons too is unverified",
)
PLAN_MISSING = Wording("ValidationException", "The training plan {arn} does not exist.", UNVERIFIED)
PLAN_STATUS = Wording("ValidationException", "The training plan {arn} is {status}.", UNVERIFIED)
PLAN_TYPE = Wording(
    "ValidationException", "The training plan {arn} has instances of type {has}, not of type {wanted}.", UNVERIFIED
)
PLAN_COUNT = Wording(
    "ResourceLimitExceeded",
    "The training plan {arn} has {available} instances available, and the request asks for {wanted}.",
    UNVERIFIED,
)
PLAN_NOT_FOUND = Wording("ResourceNotFound", "Training plan '{name}' was not found.", UNVERIFIED)
TEAM_IN_USE = Wording("ConflictException", "Team '{team}' already has a compute quota on this cluster.", UNVERIFIED)
SCHEDULER_IN_USE = Wording("ConflictException", "Cluster '{arn}' already has a scheduler configuration.", UNVERIFIED)
GOVERNED_NOT_FOUND = Wording("ResourceNotFound", "{noun} '{id}' was not found.", UNVERIFIED)
GOVERNANCE_NEEDS_EKS = Wording(
    "ValidationException", "Task governance needs a cluster on Amazon EKS: '{name}' is not.", UNVERIFIED
)
NO_TASK_GOVERNANCE = Wording(
    "ValidationException",
    "The EKS add-on amazon-sagemaker-hyperpod-taskgovernance is not installed on cluster '{name}'.",
    UNVERIFIED,
)
SLURM_MODELS = Wording(
    "ValidationException",
    "The LifeCycleConfig cannot include both a SLURM Orchestrator Config and a provisioning_parameters.json file "
    "simultaneously.",
    "AWS documentation, HyperPod Slurm",
)
SLURM_PARAMETERS = Wording(
    "ValidationException",
    "provisioning_parameters.json does not match the instance groups of the cluster: {group}.",
    UNVERIFIED,
)

# AWS guides for HyperPod.
FAULT_TYPE = "NvidiaGPUUnhealthy"
UNHEALTHY = (
    "Instance {instance} is unhealthy. HyperPod Health Monitoring Agent (HMA) has detected fault type "
    f"{FAULT_TYPE} on this node. Repair action: {{action}}."
)
# That such a group ends without instances is AWS's documentation (MinInstanceCount); the words are not.
BELOW_MINIMUM = "The instance group was rolled back: it did not reach its minimum of {minimum} instances."
EFA_HEALTH_CHECK = (
    "EFA health checks did not run successfully. Ensure that your VPC and security groups are properly configured "
    "before attempting to create a new cluster."
)  # AWS documentation, HyperPod troubleshooting
ORCHESTRATION_NOISE = "Request to service failed. If failure persists after retry, contact customer support."

BOOTSTRAP = "Instance bootstrap failed likely because of customer network misconfiguration"  # AWS guides for HyperPod
NO_CAPACITY = "We currently do not have sufficient capacity for the requested instance type(s). Please try again."
# AWS documentation, HyperPod events.
NO_CAPACITY_YET = "We currently do not have sufficient capacity to launch new {type} instances. Please try again."
# AWS guides for HyperPod.
NO_CAPACITY_IN_ZONE = "We currently do not have sufficient capacity in the Availability Zone you requested"
# The first sentence is the description of the event (AWS documentation), the second is EC2's; that one message
# holds both is unverified.
CUSTOMER_ENI = "Failed to create Customer ENI. {reason}"
NOT_AUTHORIZED = "You are not authorized to perform this operation. {role} lacks {action}."
NO_FREE_ADDRESSES = "The specified subnet does not have enough free addresses to satisfy the request."
TOO_MANY_INTERFACES = "The maximum number of network interfaces has been reached."
# EC2's where an encrypted volume cannot be used (AWS documentation); that HyperPod repeats it is unverified.
VOLUME_KEY = "Client.InternalError: Client error on launch"
# What a mount helper says is Linux's and Lustre's; that HyperPod repeats it is unverified.
MOUNT = "Failed to mount {name}: {helper}: {reason}"
NO_SUCH_NAME = "Name or service not known"
NO_CONNECTION = "Connection timed out"
NO_SUCH_MOUNT = "No such file or directory. Is the MGS specification correct? Is the filesystem name correct?"
# AWS documentation and users of AWS's samples.
SCRIPTS_FAILED = (
    "Lifecycle scripts did not run successfully. Ensure the scripts exist in provided S3 path, are accessible, and run "
    "without errors. Please see CloudWatch logs for lifecycle script execution details."
)
SCRIPTS_TIMED_OUT = "Lifecycle scripts execution timed out"  # AWS guides for HyperPod
PROVISIONING_FAILED = (
    'Instance {instance} failed to provision with the following error: "{message}" Note that multiple instances may be '
    "impacted."
)
