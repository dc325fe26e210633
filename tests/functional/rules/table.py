"""The table of rules: what AWS refuses or fails, what hpctl says to it beforehand, and what mends it.

`docs/reference/rules.md` is made of the same rows.
"""

from __future__ import annotations

from tests.functional.rules import plant
from tests.functional.rules.rule import GONE, Edit, Ending, Rule

CLUSTER = ("orchestrator", "eks", "cluster_arn")
SUBNETS, GROUPS = ("network", "subnet_ids"), ("network", "security_group_ids")
FIRST, SECOND = ("instance_groups", 0), ("instance_groups", 1)
ROLE, PLAN, TYPE = (*FIRST, "execution_role"), (*FIRST, "training_plan_arn"), (*FIRST, "type")
SCRIPTS, ON_CREATE = (*FIRST, "lifecycle", "source_s3_uri"), (*FIRST, "lifecycle", "on_create")
HERE, THERE = "${SUBNET_ID}", "${OTHER_SUBNET_ID}"
# Others judge what this check finds missing, and cannot.
BLIND = ("--allow-unknown",)
# Without continuous provisioning a group that cannot be filled fails at once, and the cluster with it.
AT_ONCE = Edit(("node_provisioning",), GONE)

EFA = "EFA health checks did not run successfully."
BOOTSTRAP = "Instance bootstrap failed likely because of customer network misconfiguration"
SCRIPTS_FAILED = "Lifecycle scripts did not run successfully. Ensure the scripts exist in provided S3 path"
NO_CAPACITY = "We currently do not have sufficient capacity for the requested instance type(s)."
CUSTOMER_ENI = "Failed to create Customer ENI."


def worker(name: str, instance_type: str, count: int, **members: object) -> dict[str, object]:
    """Return a further group with the seed's role and scripts."""
    return {
        "name": name,
        "type": instance_type,
        "count": count,
        "execution_role": "${EXECUTION_ROLE}",
        "lifecycle": {"source_s3_uri": "s3://${BUCKET_NAME}", "on_create": "on_create.sh"},
        **members,
    }


NETWORK = (
    Rule(
        "an EFA group in two Availability Zones",
        "eks",
        (Edit(SUBNETS, [HERE, THERE]),),
        "network-efa-single-az",
        Ending.FAILS,
        EFA,
        f"give `workers` subnets of one zone only, for example `{HERE}`",
        mend=(Edit(SUBNETS, [HERE]),),
    ),
    Rule(
        "a security group whose members may not receive from each other",
        "eks",
        (Edit(GROUPS, ["${RULE_SECURITY_GROUP}"]),),
        "network-sg-self-ref",
        Ending.FAILS,
        EFA,
        "aws ec2 authorize-security-group-ingress --region us-west-2 --group-id ${RULE_SECURITY_GROUP} --protocol -1 "
        "--source-group ${RULE_SECURITY_GROUP}",
        plant=plant.security_group("in"),
    ),
    Rule(
        "a security group whose members may not send to each other",
        "slurm",
        (Edit(GROUPS, ["${RULE_SECURITY_GROUP}"]),),
        "network-sg-self-ref",
        Ending.FAILS,
        EFA,
        "aws ec2 authorize-security-group-egress --region us-west-2 --group-id ${RULE_SECURITY_GROUP}",
        plant=plant.security_group("out"),
    ),
    Rule(
        "a public subnet",
        "eks",
        (Edit(SUBNETS, ["${PUBLIC_SUBNET_ID}"]),),
        "network-subnet-private",
        Ending.FAILS,
        BOOTSTRAP,
        f"use a private subnet, for example `{HERE}`",
        mend=(Edit(SUBNETS, [HERE]),),
    ),
    Rule(
        "a subnet that leads nowhere",
        "eks",
        (Edit(SUBNETS, ["${RULE_SUBNET}"]),),
        "network-egress-path",
        Ending.FAILS,
        BOOTSTRAP,
        "aws ec2 create-route --region us-west-2 --route-table-id ${RULE_ROUTE_TABLE} "
        "--destination-cidr-block 0.0.0.0/0 --nat-gateway-id nat-",
        plant=plant.routeless_subnet,
    ),
    Rule(
        "a VPC that gives nodes no names",
        "slurm",
        (Edit(SUBNETS, ["${RULE_SUBNET}"]), Edit(GROUPS, ["${RULE_SECURITY_GROUP}"])),
        "network-dns",
        Ending.FAILS,
        BOOTSTRAP,
        "aws ec2 modify-vpc-attribute --region us-west-2 --vpc-id ${RULE_VPC} --enable-dns-hostnames",
        plant=plant.vpc_without_names,
    ),
    Rule(
        "a subnet with too few free addresses",
        "eks",
        (Edit(SUBNETS, ["${TINY_SUBNET_ID}"]),),
        "network-free-ips",
        Ending.FAILS,
        f"{CUSTOMER_ENI} The specified subnet does not have enough free addresses to satisfy the request.",
        "use private subnets with 162 free addresses, such as one of /24",
        mend=(Edit(SUBNETS, [HERE]),),
        verified=False,
    ),
    Rule(
        "a subnet that does not exist",
        "eks",
        (Edit(SUBNETS, ["subnet-0123456789abcdef0"]),),
        "network-ids-exist",
        Ending.INVALID,
        "The subnet 'subnet-0123456789abcdef0' does not exist",
        "compare the id, the Region and the account",
        mend=(Edit(SUBNETS, [HERE]),),
        beside=BLIND,
    ),
    Rule(
        "a security group that does not exist",
        "slurm",
        (Edit(GROUPS, ["sg-0123456789abcdef0"]),),
        "network-ids-exist",
        Ending.INVALID,
        "The security group 'sg-0123456789abcdef0' does not exist",
        "compare the id, the Region and the account",
        mend=(Edit(GROUPS, ["${SECURITY_GROUP}"]),),
        beside=BLIND,
    ),
    Rule(
        "a subnet and a security group of two VPCs",
        "slurm",
        (Edit(SUBNETS, ["${RULE_SUBNET}"]),),
        "network-same-vpc",
        Ending.INVALID,
        "You have specified two resources that belong to different networks",
        "name subnets and security groups of one VPC",
        mend=(Edit(GROUPS, ["${RULE_SECURITY_GROUP}"]),),
        plant=plant.other_vpc,
        verified=False,
    ),
)

CAPACITY = (
    Rule(
        "an instance type that the zone has not got",
        "eks",
        (Edit(TYPE, "ml.p5e.48xlarge"), AT_ONCE),
        "capacity-type-offered",
        Ending.FAILS,
        NO_CAPACITY,
        "give `workers` subnets in `usw2-az3` only",
        mend=(Edit(SUBNETS, ["${RULE_SUBNET}"]),),
        plant=plant.offering_subnet,
    ),
    Rule(
        "an instance type without quota",
        "eks",
        (Edit(TYPE, "ml.p4d.24xlarge"),),
        "quota-instance-type",
        Ending.LIMITED,
        "The account-level service limit 'ml.p4d.24xlarge for cluster usage' is 0 Instances, with current utilization "
        "of 0 Instances and a request delta of 2 Instances.",
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code",
    ),
    Rule(
        "Spot instances without quota",
        "eks",
        (
            Edit(TYPE, "ml.g6.8xlarge"),
            Edit((*FIRST, "capacity"), "spot"),
        ),
        "quota-spot-type",
        Ending.LIMITED,
        "The account-level service limit 'ml.g6.8xlarge for cluster spot instance usage' is 0 Instances",
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code",
        verified=False,
    ),
    Rule(
        "a cluster with more nodes than one may have",
        "slurm",
        (
            Edit(("instance_groups", 2), worker("c5", "ml.c5.xlarge", 250, slurm={"node_type": "Compute"})),
            Edit(("instance_groups", 3), worker("m5", "ml.m5.xlarge", 250, slurm={"node_type": "Compute"})),
        ),
        "quota-cluster-instances",
        Ending.LIMITED,
        "The account-level service limit 'Maximum number instances allowed per SageMaker HyperPod cluster' is 500 "
        "Instances",
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-2CE978FC "
        "--desired-value 503",
        verified=False,
    ),
    Rule(
        "more nodes than all clusters may have together",
        "slurm",
        (Edit(("instance_groups", 2), worker("c5", "ml.c5.xlarge", 90, slurm={"node_type": "Compute"})),),
        "quota-total-instances",
        Ending.LIMITED,
        "The account-level service limit 'Total number of instances allowed across SageMaker HyperPod clusters' is",
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-3308CCC7",
        plant=plant.busy_account,
        verified=False,
    ),
    Rule(
        "a volume larger than the account may have",
        "eks",
        (Edit((*FIRST, "storage", 0, "ebs", "volume_size_in_gb"), 2000),),
        "quota-ebs-size",
        Ending.LIMITED,
        "is 1024 GB, and the request asks for 2000 GB.",
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-E13DF72A "
        "--desired-value 2000",
        verified=False,
    ),
    Rule(
        "a training plan whose time is over",
        "eks",
        (Edit(PLAN, "${EXPIRED_TRAINING_PLAN_ARN}"),),
        "capacity-plan-status",
        Ending.INVALID,
        "The training plan ${EXPIRED_TRAINING_PLAN_ARN} is Expired.",
        "name a training plan that is Active or Scheduled",
        mend=(Edit(PLAN, "${TRAINING_PLAN_ARN}"),),
        verified=False,
        beside=("--skip", "capacity-plan-type"),
    ),
    Rule(
        "a training plan in another zone",
        "eks",
        (Edit(PLAN, "${TRAINING_PLAN_ARN}"), Edit(SUBNETS, [THERE]), AT_ONCE),
        "capacity-plan-az",
        Ending.FAILS,
        "We currently do not have sufficient capacity in the Availability Zone you requested",
        "give `workers` subnets in `usw2-az1` only",
        mend=(Edit(SUBNETS, [HERE]),),
    ),
    Rule(
        "a training plan of another instance type",
        "eks",
        (Edit(PLAN, "${TRAINING_PLAN_ARN}"), Edit(TYPE, "ml.trn1.32xlarge")),
        "capacity-plan-type",
        Ending.INVALID,
        "The training plan ${TRAINING_PLAN_ARN} has instances of type ml.p5.48xlarge, not of type ml.trn1.32xlarge.",
        "type: ml.p5.48xlarge",
        mend=(Edit(TYPE, "ml.p5.48xlarge"),),
        verified=False,
    ),
    Rule(
        "more nodes than the training plan has",
        "eks",
        (Edit(PLAN, "${TRAINING_PLAN_ARN}"), Edit((*FIRST, "count"), 17)),
        "capacity-plan-type",
        Ending.LIMITED,
        "The training plan ${TRAINING_PLAN_ARN} has 16 instances available, and the request asks for 17.",
        "count: 16",
        mend=(Edit((*FIRST, "count"), 16),),
        verified=False,
    ),
)

IDENTITY = (
    Rule(
        "an execution role that does not exist",
        "eks",
        (Edit(ROLE, "${EXECUTION_ROLE}-nobody"),),
        "iam-exec-exists",
        Ending.INVALID,
        "cannot assume the execution role ${EXECUTION_ROLE}-nobody",
        "aws iam create-role --role-name hpctl-sandbox-execution-nobody",
        beside=BLIND,
    ),
    Rule(
        "an execution role that another service may assume",
        "eks",
        (Edit(ROLE, "${RULE_ROLE}"),),
        "iam-exec-trust",
        Ending.INVALID,
        "cannot assume the execution role ${RULE_ROLE}",
        "aws iam update-assume-role-policy --role-name ${RULE_ROLE_NAME}",
        plant=plant.role("rules-trusts-ec2", service="ec2"),
    ),
    Rule(
        "an execution role that may not make network interfaces",
        "eks",
        (Edit(ROLE, "${RULE_ROLE}"),),
        "iam-exec-vpc",
        Ending.FAILS,
        f"{CUSTOMER_ENI} You are not authorized to perform this operation.",
        "aws iam put-role-policy --role-name ${RULE_ROLE_NAME}",
        plant=plant.role("rules-no-vpc", like="NO_VPC_ROLE"),
        verified=False,
    ),
    Rule(
        "an execution role that may not read the lifecycle scripts",
        "eks",
        (Edit(ROLE, "${RULE_ROLE}"), Edit(SCRIPTS, "${RULE_SCRIPTS}")),
        "iam-exec-lifecycle-read",
        Ending.FAILS,
        SCRIPTS_FAILED,
        "aws iam put-role-policy --role-name ${RULE_ROLE_NAME}",
        plant=plant.foreign_bucket,
    ),
    Rule(
        "an execution role that may not use the key of its lifecycle scripts",
        "eks",
        (Edit(ROLE, "${RULE_ROLE}"), Edit(SCRIPTS, "${RULE_SCRIPTS}")),
        "iam-exec-kms",
        Ending.FAILS,
        SCRIPTS_FAILED,
        "aws iam put-role-policy --role-name ${RULE_ROLE_NAME}",
        plant=plant.sealed_scripts,
    ),
    Rule(
        "an execution role that may not use the key of its volumes",
        "eks",
        (
            Edit(ROLE, "${RULE_ROLE}"),
            Edit((*FIRST, "storage"), [{"ebs": {"root_volume": True, "volume_kms_key_id": "alias/rules-volumes"}}]),
        ),
        "iam-exec-kms",
        Ending.FAILS,
        "Client.InternalError: Client error on launch",
        "aws iam put-role-policy --role-name ${RULE_ROLE_NAME}",
        plant=plant.volume_key,
        verified=False,
    ),
)

LIFECYCLE = (
    Rule(
        "a prefix without lifecycle scripts",
        "eks",
        (Edit(SCRIPTS, "s3://${BUCKET_NAME}/nowhere"),),
        "lifecycle-prefix-exists",
        Ending.FAILS,
        SCRIPTS_FAILED,
        "aws s3 sync ./lifecycle s3://${BUCKET_NAME}/nowhere/",
        beside=("--skip", "lifecycle-entrypoint-present", *BLIND),
    ),
    Rule(
        "a lifecycle script that is not there",
        "eks",
        (Edit(ON_CREATE, "on_craete.sh"),),
        "lifecycle-entrypoint-present",
        Ending.FAILS,
        SCRIPTS_FAILED,
        "on_create: on_create.sh",
        mend=(Edit(ON_CREATE, "on_create.sh"),),
        beside=BLIND,
    ),
    Rule(
        "a lifecycle script with the line ends of Windows",
        "slurm",
        (Edit(SCRIPTS, "${RULE_SCRIPTS}"),),
        "lifecycle-line-endings",
        Ending.FAILS,
        SCRIPTS_FAILED,
        "aws s3 cp on_create.sh ${RULE_SCRIPTS}/on_create.sh",
        plant=plant.scripts("rules-crlf", lambda script: script.replace(b"\n", b"\r\n")),
    ),
    Rule(
        "a lifecycle script that does not say what runs it",
        "eks",
        (Edit(SCRIPTS, "${RULE_SCRIPTS}"),),
        "lifecycle-shebang",
        Ending.FAILS,
        SCRIPTS_FAILED,
        "sed -i '1i #!/bin/bash' on_create.sh",
        plant=plant.scripts("rules-shebang", lambda script: script.partition(b"\n")[2]),
    ),
    Rule(
        "a lifecycle script that fails",
        "eks",
        (Edit(SCRIPTS, "${FAILING_SCRIPT_S3_URI}"),),
        None,
        Ending.FAILS,
        SCRIPTS_FAILED,
        "hpctl runs no scripts",
        mend=(Edit(SCRIPTS, "s3://${BUCKET_NAME}"),),
    ),
)

SLURM = (
    Rule(
        "both models of Slurm roles at once",
        "slurm",
        (Edit(SCRIPTS, "${RULE_SCRIPTS}"),),
        "slurm-model-exclusive",
        Ending.INVALID,
        "The LifeCycleConfig cannot include both a SLURM Orchestrator Config and a provisioning_parameters.json file "
        "simultaneously.",
        "aws s3 rm ${RULE_SCRIPTS}/provisioning_parameters.json",
        plant=plant.scripts("rules-both-models", provisioning_parameters="{}"),
    ),
    Rule(
        "two Slurm controllers",
        "slurm",
        (Edit((*SECOND, "slurm"), {"node_type": "Controller"}), Edit((*SECOND, "count"), 1)),
        "slurm-controller-single",
        Ending.INVALID,
        "2 Controller Groups found: SlurmConfig for InstanceGroups may only have one Controller Group.",
        "leave `slurm.node_type: Controller` on one instance group",
        mend=(Edit((*SECOND, "slurm", "node_type"), "Compute"),),
    ),
    Rule(
        "no Slurm controller",
        "slurm",
        (Edit((*FIRST, "slurm", "node_type"), "Compute"),),
        "slurm-controller-single",
        Ending.INVALID,
        "Cluster ${NAME} has no InstanceGroup with Controller node type.",
        "leave `slurm.node_type: Controller` on one instance group",
        mend=(Edit((*FIRST, "slurm", "node_type"), "Controller"),),
    ),
    Rule(
        "a partition on a Slurm login group",
        "slurm",
        (
            Edit(
                ("instance_groups", 2),
                worker("login", "ml.m5.xlarge", 1, slurm={"node_type": "Login", "partition_names": ["dev"]}),
            ),
        ),
        "slurm-partition-compute",
        Ending.INVALID,
        "Partitions can only be assigned to Compute node types",
        "move `partition_names` to a Compute group",
        mend=(
            Edit(("instance_groups", 2, "slurm", "partition_names"), GONE),
            Edit((*SECOND, "slurm", "partition_names"), ["dev"]),
        ),
    ),
)

EKS = (
    Rule(
        "an EKS cluster with authentication mode CONFIG_MAP",
        "eks",
        (Edit(CLUSTER, "${RULE_EKS_CLUSTER_ARN}"),),
        "eks-auth-mode",
        Ending.INVALID,
        "EKS clusters with CONFIG_MAP authentication mode are not supported",
        "aws eks update-cluster-config --region us-west-2 --name rules-config-map --access-config "
        "authenticationMode=API_AND_CONFIG_MAP",
        plant=plant.eks_cluster("rules-config-map", *plant.ADDONS, accessConfig={"authenticationMode": "CONFIG_MAP"}),
    ),
    Rule(
        "an EKS cluster that does not exist",
        "eks",
        (Edit(CLUSTER, "${EKS_CLUSTER_ARN}-nobody"),),
        "eks-cluster-active",
        Ending.INVALID,
        "The EKS cluster ${EKS_CLUSTER_ARN}-nobody does not exist.",
        "aws eks list-clusters --region us-west-2",
        mend=(Edit(CLUSTER, "${EKS_CLUSTER_ARN}"),),
        verified=False,
        beside=BLIND,
    ),
    Rule(
        "an EKS cluster in another VPC than the nodes",
        "eks",
        (Edit(SUBNETS, ["${RULE_SUBNET}"]), Edit(GROUPS, ["${RULE_SECURITY_GROUP}"])),
        "eks-same-vpc",
        Ending.INVALID,
        "The VPC ${RULE_VPC} of VpcConfig is not the VPC",
        "name subnets and security groups of `vpc-",
        mend=(Edit(SUBNETS, [HERE]), Edit(GROUPS, ["${SECURITY_GROUP}"])),
        plant=plant.other_vpc,
        verified=False,
    ),
    Rule(
        "an EKS cluster of a Kubernetes version that is too old",
        "eks",
        (Edit(CLUSTER, "${RULE_EKS_CLUSTER_ARN}"),),
        "eks-version",
        Ending.INVALID,
        "Kubernetes version 1.29 of the EKS cluster ${RULE_EKS_CLUSTER_ARN} is not supported.",
        "aws eks update-cluster-version --region us-west-2 --name rules-old --kubernetes-version 1.30",
        plant=plant.eks_cluster("rules-old", *plant.ADDONS, version="1.29"),
        verified=False,
    ),
    Rule(
        "an EKS cluster without the add-ons that nodes need",
        "eks",
        (Edit(CLUSTER, "${RULE_EKS_CLUSTER_ARN}"),),
        "eks-addon-core",
        Ending.INVALID,
        "Amazon EKS orchestrator cluster is missing required dependencies",
        "aws eks create-addon --region us-west-2 --cluster-name rules-no-addons --addon-name coredns",
        plant=plant.eks_cluster("rules-no-addons", bootstrapSelfManagedAddons=False),
    ),
    Rule(
        "EKS without a network",
        "eks",
        (Edit(("network",), GONE),),
        "spec-eks-network",
        Ending.INVALID,
        "VpcConfig is required with the EKS orchestrator.",
        "add `network: {subnet_ids: [...], security_group_ids: [...]}` of the EKS cluster's VPC",
        mend=(Edit(("network",), {"subnet_ids": [HERE], "security_group_ids": ["${SECURITY_GROUP}"]}),),
        verified=False,
    ),
)

SPEC = (
    Rule(
        "two instance groups of one name",
        "eks",
        (Edit(SECOND, worker("workers", "ml.c5.4xlarge", 1)),),
        "spec-groups-unique",
        Ending.INVALID,
        "Duplicate instance group name: workers.",
        "give each group a name of its own",
        mend=(Edit((*SECOND, "name"), "cpu"),),
        verified=False,
    ),
    Rule(
        "a minimum above the count",
        "eks",
        (Edit((*FIRST, "min_count"), 3), AT_ONCE),
        "spec-count-min",
        Ending.FAILS,
        "The instance group was rolled back: it did not reach its minimum of 3 instances.",
        "min_count: 2",
        mend=(Edit((*FIRST, "min_count"), 2),),
        verified=False,
    ),
    Rule(
        "two threads a core on Graviton",
        "slurm",
        (Edit(TYPE, "ml.m7g.2xlarge"), Edit((*FIRST, "threads_per_core"), 2)),
        "spec-threads-valid",
        Ending.INVALID,
        "ThreadsPerCore 2 is not supported by instance type ml.m7g.2xlarge.",
        "threads_per_core: 1",
        mend=(Edit((*FIRST, "threads_per_core"), 1),),
        verified=False,
    ),
    Rule(
        "deep health checks on a type without accelerators",
        "eks",
        (Edit(TYPE, "ml.c5.4xlarge"), Edit((*FIRST, "threads_per_core"), 1)),
        "spec-deep-checks",
        Ending.INVALID,
        "Deep health checks are not supported by instance type ml.c5.4xlarge.",
        "remove `deep_health_checks` from `workers`",
        mend=(Edit((*FIRST, "deep_health_checks"), GONE),),
        verified=False,
    ),
    Rule(
        "Spot instances without continuous provisioning",
        "eks",
        (Edit((*FIRST, "capacity"), "spot"), AT_ONCE),
        "spec-continuous-required",
        Ending.INVALID,
        "Spot capacity requires NodeProvisioningMode Continuous.",
        "node_provisioning: Continuous",
        mend=(Edit(("node_provisioning",), "Continuous"),),
        verified=False,
    ),
)

RULES = (*NETWORK, *CAPACITY, *IDENTITY, *LIFECYCLE, *SLURM, *EKS, *SPEC)
"""Every row."""
