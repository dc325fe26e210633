"""What rows need in the account, made through boto3 and always anew: no row is in another's way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.functional.cli.account import PATIENCE_S, Account
from tests.functional.rules.rule import Planted

ADDONS = ("vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent")
_FREE_RANGE = "10.192.56.0/22"
_ALL = "-1"
_ASKED = ("ec2", "ec2messages", "ecr.api", "ecr.dkr", "sagemaker.api", "ssm", "ssmmessages", "sts")
Plant = Callable[[Account], Planted]


def security_group(direction: str) -> Plant:
    """Make a security group whose members may talk to each other one way only: not `in`, or not `out`."""

    def plant(account: Account) -> Planted:
        ec2 = account.client("ec2")
        name = f"rules-no-{direction}"
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=_vpc(account))["GroupId"]
        rule = [{"IpProtocol": _ALL, "UserIdGroupPairs": [{"GroupId": group}]}]
        if direction == "in":
            ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rule)
        else:
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
        return {"RULE_SECURITY_GROUP": group}

    return plant


def closed_group(account: Account) -> Planted:
    """Make a security group whose members may talk to each other and to nobody else."""
    ec2 = account.client("ec2")
    made = ec2.create_security_group(GroupName="rules-closed", Description="rules", VpcId=_vpc(account))["GroupId"]
    everything = {"IpProtocol": _ALL, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_egress(GroupId=made, IpPermissions=[everything])
    rule = [{"IpProtocol": _ALL, "UserIdGroupPairs": [{"GroupId": made}]}]
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=rule)
    ec2.authorize_security_group_egress(GroupId=made, IpPermissions=rule)
    return {"RULE_SECURITY_GROUP": made}


def eks_cluster(name: str, *addons: str, **members: Any) -> Plant:
    """Make an EKS cluster in the seed's VPC, with access entries unless told otherwise."""

    def plant(account: Account) -> Planted:
        eks, seed = account.client("eks"), account.seed
        network = {"subnetIds": [seed["SUBNET_ID"], seed["OTHER_SUBNET_ID"]], "endpointPrivateAccess": True}
        role = account.client("iam").get_role(RoleName="hpctl-sandbox-eks")["Role"]["Arn"]
        request = {"accessConfig": {"authenticationMode": "API"}, **members}
        made = eks.create_cluster(name=name, roleArn=role, resourcesVpcConfig=network, **request)["cluster"]
        _admit(account, made["resourcesVpcConfig"]["clusterSecurityGroupId"])
        for addon in addons:
            eks.create_addon(clusterName=name, addonName=addon)
        settle_eks(account)
        if request["accessConfig"]["authenticationMode"] != "CONFIG_MAP":
            _let_in(account, name)
        return {"RULE_EKS_CLUSTER_ARN": made["arn"]}

    return plant


def _admit(account: Account, group: str) -> None:
    """Let the nodes reach the cluster's API server: EKS's own group admits its members alone."""
    nodes = [{"GroupId": account.seed["SECURITY_GROUP"]}]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": nodes}
    account.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


def _let_in(account: Account, name: str) -> None:
    """Let the caller look into the cluster's Kubernetes: it was made by somebody else."""
    eks = account.client("eks")
    caller = account.client("iam").get_user(UserName="hpctl-sandbox")["User"]["Arn"]
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy"
    eks.create_access_entry(clusterName=name, principalArn=caller)
    eks.associate_access_policy(
        clusterName=name, principalArn=caller, policyArn=policy, accessScope={"type": "cluster"}
    )


def settle_eks(account: Account) -> None:
    """Wait until every EKS cluster and every add-on is as it will stay."""
    eks, end = account.client("eks"), time.monotonic() + PATIENCE_S
    while any(status != "ACTIVE" for status in _eks_statuses(eks)):
        assert time.monotonic() < end
        time.sleep(0.1)


def _eks_statuses(eks: Any) -> Iterator[str]:
    for name in eks.list_clusters()["clusters"]:
        yield eks.describe_cluster(name=name)["cluster"]["status"]
        for addon in eks.list_addons(clusterName=name)["addons"]:
            yield eks.describe_addon(clusterName=name, addonName=addon)["addon"]["status"]


def role(name: str, like: str = "EXECUTION_ROLE", service: str = "sagemaker") -> Plant:
    """Make a role with the policies of a seed's role, for a service to assume."""

    def plant(account: Account) -> Planted:
        iam, model = account.client("iam"), account.seed[like].rpartition("/")[2]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        for policy in iam.list_attached_role_policies(RoleName=model)["AttachedPolicies"]:
            iam.attach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy_name in iam.list_role_policies(RoleName=model)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=model, PolicyName=policy_name)["PolicyDocument"]
            iam.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=json.dumps(document))
        return {"RULE_ROLE": made, "RULE_ROLE_NAME": name}

    return plant


def scripts(prefix: str, change: Callable[[bytes], bytes] = bytes, **beside: str) -> Plant:
    """Copy the seed's good script below a prefix of its bucket, changed, with other files beside it."""

    def plant(account: Account) -> Planted:
        s3, bucket = account.client("s3"), account.seed["BUCKET_NAME"]
        s3.put_object(Bucket=bucket, Key=f"{prefix}/on_create.sh", Body=change(good_script(account)))
        for name, text in beside.items():
            s3.put_object(Bucket=bucket, Key=f"{prefix}/{name}.json", Body=text.encode())
        return {"RULE_SCRIPTS": f"s3://{bucket}/{prefix}"}

    return plant


def good_script(account: Account) -> bytes:
    """Return the seed's lifecycle script."""
    found = account.client("s3").get_object(Bucket=account.seed["BUCKET_NAME"], Key="on_create.sh")["Body"].read()
    return bytes(found)


def foreign_bucket(account: Account) -> Planted:
    """Make a role, and a bucket of good scripts whose name the managed policy does not cover."""
    s3 = account.client("s3")
    s3.create_bucket(Bucket="rules-scripts", CreateBucketConfiguration={"LocationConstraint": account.region})
    s3.put_object(Bucket="rules-scripts", Key="on_create.sh", Body=good_script(account))
    return {**role("rules-no-s3")(account), "RULE_SCRIPTS": "s3://rules-scripts"}


def sealed_scripts(account: Account) -> Planted:
    """Make a role, and good scripts under a KMS key of which neither the role's policies nor the key's say a word."""
    bucket, key = account.seed["BUCKET_NAME"], account.client("kms").create_key()["KeyMetadata"]["Arn"]
    under = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    account.client("s3").put_object(Bucket=bucket, Key="sealed/on_create.sh", Body=good_script(account), **under)
    return {**role("rules-no-key")(account), "RULE_SCRIPTS": f"s3://{bucket}/sealed", "RULE_KEY_ARN": key}


def volume_key(account: Account) -> Planted:
    """Make a role, and a KMS key with an alias that it may not use."""
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/rules-volumes", TargetKeyId=key)
    return {**role("rules-no-grant")(account), "RULE_KEY_ARN": key}


def disabled_key(account: Account) -> Planted:
    """Make a KMS key that is off, and a role that might use it."""
    kms, made = account.client("kms"), role("rules-key-off")(account)
    key = kms.create_key()["KeyMetadata"]
    kms.disable_key(KeyId=key["KeyId"])
    allow = {"Effect": "Allow", "Action": ["kms:CreateGrant", "kms:DescribeKey"], "Resource": key["Arn"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    account.client("iam").put_role_policy(RoleName="rules-key-off", PolicyName="key", PolicyDocument=document)
    return {**made, "RULE_KEY_ARN": key["Arn"], "RULE_KEY_ID": key["KeyId"]}


def routeless_subnet(account: Account) -> Planted:
    """Make a subnet whose route table leads to S3 and nowhere else."""
    ec2, vpc = account.client("ec2"), _vpc(account)
    zone = ec2.describe_subnets(SubnetIds=[account.seed["SUBNET_ID"]])["Subnets"][0]["AvailabilityZone"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=_FREE_RANGE, AvailabilityZone=zone)["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=made)
    s3 = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"][0]
    ec2.modify_vpc_endpoint(VpcEndpointId=s3["VpcEndpointId"], AddRouteTableIds=[table])
    return {"RULE_SUBNET": made, "RULE_ROUTE_TABLE": table}


def closed_vpc(account: Account) -> Planted:
    """Make a VPC that nothing leaves, with endpoints for all that Slurm nodes ask but CloudWatch Logs."""
    ec2, planted = account.client("ec2"), other_vpc(account)
    inside = [{"Name": "association.subnet-id", "Values": [planted["RULE_SUBNET"]]}]
    table = ec2.describe_route_tables(Filters=inside)["RouteTables"][0]["RouteTableId"]
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    for service in _ASKED:
        ec2.create_vpc_endpoint(
            VpcId=planted["RULE_VPC"],
            ServiceName=f"com.amazonaws.{account.region}.{service}",
            VpcEndpointType="Interface",
            SubnetIds=[planted["RULE_SUBNET"]],
            SecurityGroupIds=[planted["RULE_SECURITY_GROUP"]],
            PrivateDnsEnabled=True,
        )
    return planted


def offering_subnet(account: Account) -> Planted:
    """Find the seed's private subnet in the one zone that offers p5e."""
    ec2 = account.client("ec2")
    filters = [{"Name": "vpc-id", "Values": [_vpc(account)]}, {"Name": "availability-zone-id", "Values": ["usw2-az3"]}]
    rows = ec2.describe_subnets(Filters=filters)["Subnets"]
    private = next(row for row in rows if any("private" in tag["Value"] for tag in row["Tags"]))
    return {"RULE_SUBNET": private["SubnetId"]}


def other_vpc(account: Account, *, hostnames: bool = True) -> Planted:
    """Make a VPC in which nodes are well: a private subnet behind NAT, S3's gateway, a sound security group."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.50.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": hostnames})
    zone = ec2.describe_subnets(SubnetIds=[account.seed["SUBNET_ID"]])["Subnets"][0]["AvailabilityZone"]
    outside, inside = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for cidr in ("10.50.0.0/20", "10.50.64.0/18")
    )
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    _table(ec2, vpc, outside, GatewayId=gateway)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=outside, AllocationId=address)["NatGateway"]["NatGatewayId"]
    table = _table(ec2, vpc, inside, NatGatewayId=nat)
    s3 = f"com.amazonaws.{account.region}.s3"
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=s3, VpcEndpointType="Gateway", RouteTableIds=[table])
    group = ec2.create_security_group(GroupName="rules", Description="rules", VpcId=vpc)["GroupId"]
    rule = [{"IpProtocol": _ALL, "UserIdGroupPairs": [{"GroupId": group}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rule)
    return {"RULE_VPC": vpc, "RULE_SUBNET": inside, "RULE_SECURITY_GROUP": group}


def _table(ec2: Any, vpc: str, subnet: str, **target: str) -> str:
    table = str(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return table


def vpc_without_names(account: Account) -> Planted:
    """Make a sound VPC that gives no names to nodes, as EC2 makes them."""
    return other_vpc(account, hostnames=False)


def busy_account(account: Account) -> Planted:
    """Make clusters that leave room for less than a hundred nodes more, whatever their types."""
    for name, kind in (("rules-busy-a", "ml.c5.2xlarge"), ("rules-busy-b", "ml.m5.4xlarge")):
        group = {
            "InstanceGroupName": "workers",
            "InstanceType": kind,
            "InstanceCount": 460,
            "LifeCycleConfig": {"SourceS3Uri": f"s3://{account.seed['BUCKET_NAME']}", "OnCreate": "on_create.sh"},
            "ExecutionRole": account.seed["EXECUTION_ROLE"],
        }
        account.client("sagemaker").create_cluster(ClusterName=name, InstanceGroups=[group])
    return {}


def file_system(*, open_to_nodes: bool) -> Plant:
    """Make a Lustre file system in the nodes' subnet, behind the nodes' group or behind one that lets nothing in."""

    def plant(account: Account) -> Planted:
        group, subnet = account.seed["SECURITY_GROUP"], account.seed["SUBNET_ID"]
        if not open_to_nodes:
            ec2, name = account.client("ec2"), "rules-file-system"
            group = ec2.create_security_group(GroupName=name, Description=name, VpcId=_vpc(account))["GroupId"]
        wish = {"FileSystemType": "LUSTRE", "StorageCapacity": 1200, "SubnetIds": [subnet], "SecurityGroupIds": [group]}
        made = account.client("fsx").create_file_system(**wish)["FileSystem"]
        return {
            "RULE_SECURITY_GROUP": group,
            "RULE_DNS_NAME": made["DNSName"],
            "RULE_MOUNT_NAME": made["LustreConfiguration"]["MountName"],
        }

    return plant


def _vpc(account: Account) -> str:
    subnets = account.client("ec2").describe_subnets(SubnetIds=[account.seed["SUBNET_ID"]])["Subnets"]
    return str(subnets[0]["VpcId"])
