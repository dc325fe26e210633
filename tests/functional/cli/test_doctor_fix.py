"""`hpctl doctor --fix`: a plan, consent, and what was ill is well; what is not for hpctl to mend is left and said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl
from tests.functional.rules.plant import good_script, other_vpc, role, scripts

VERBS = [
    "authorize-security-group-egress",
    "authorize-security-group-ingress",
    "modify-vpc-attribute",
    "modify-vpc-endpoint",
    "put-object",
    "put-role-policy",
]


def ailing(account: Account, name: str) -> tuple[specs.Spec, dict[str, str]]:
    """Plant six faults around a sound spec for Slurm; return the spec and where its parts are."""
    ec2, planted = account.client("ec2"), dict(other_vpc(account, hostnames=False))
    vpc = planted["RULE_VPC"]
    (endpoint,) = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], RemoveRouteTableIds=endpoint["RouteTableIds"])
    planted["GROUP"] = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    planted |= role(f"fix-{name}", like="NO_VPC_ROLE")(account)
    planted |= scripts(f"fix-{name}", lambda text: text.replace(b"\n", b"\r\n"))(account)
    lifecycle = {"source_s3_uri": planted["RULE_SCRIPTS"], "on_create": "on_create.sh"}
    spec = specs.slurm(name, network={"subnet_ids": [planted["RULE_SUBNET"]], "security_group_ids": [planted["GROUP"]]})
    for group in spec["instance_groups"]:
        group |= {"execution_role": planted["RULE_ROLE"], "lifecycle": lifecycle}
    return spec, planted


def unwell(answer: Any) -> dict[str, str]:
    return {row["id"]: row["outcome"] for row in answer["results"] if row["outcome"] in ("fail", "warn", "unknown")}


def test_what_is_ill_is_planned_agreed_to_mended_and_well(hpctl: Hpctl, account: Account, name: str) -> None:
    spec, planted = ailing(account, name)
    file = specs.write(hpctl.folder, spec)
    told = hpctl("doctor", "-f", file, "--fix", "--dry-run", "-o", "json", ends=ExitCode.CHECKS_FAILED).json()
    assert sorted(action["verb"] for action in told["actions"]) == VERBS
    assert (told["state"], told["identity"]["account"], told["left_alone"]) == ("around", "123456789012", [])
    hpctl("doctor", "-f", file, "--fix", ends=ExitCode.UNCONFIRMED)
    key = f"fix-{name}/on_create.sh"
    bucket, s3 = account.seed["BUCKET_NAME"], account.client("s3")
    assert b"\r\n" in s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    ended = hpctl("doctor", "-f", file, "--fix", "--yes", "-o", "json")
    assert unwell(ended.json()) == {}
    assert ended.err.startswith("account 123456789012, region us-west-2, user/hpctl-sandbox\n")
    assert f"let members of security group `{planted['GROUP']}` talk to each other, in" in ended.err
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == good_script(account)

    again = hpctl("doctor", "-f", file, "--fix", "--yes")
    assert "\nnothing to mend\n" in again.err
    hpctl("cluster", "create", "-f", file, "--yes")
    assert account.statuses()[name] == "InService"


def test_scripts_of_this_machine_are_stored_and_never_over_others(hpctl: Hpctl, account: Account, name: str) -> None:
    bucket = account.seed["BUCKET_NAME"]
    account.client("s3").put_object(Bucket=bucket, Key=f"fix-{name}/config.json", Body=b"{}")
    lifecycle = {"source_s3_uri": f"s3://{bucket}/fix-{name}", "on_create": "on_create.sh"}
    spec = specs.slurm(name)
    for group in spec["instance_groups"]:
        group |= {"lifecycle": lifecycle}
    file = specs.write(hpctl.folder, spec)
    only = ("--only", "lifecycle-shebang", "-o", "json")
    mine = Path(hpctl.folder, "mine")
    mine.mkdir()
    (mine / "on_create.sh").write_bytes(good_script(account))
    (mine / "config.json").write_text("mine")
    assert unwell(hpctl("doctor", "-f", file, "--fix", "--yes", "--lifecycle", "mine", *only).json()) == {}
    held = account.client("s3").get_object(Bucket=bucket, Key=f"fix-{name}/config.json")["Body"].read()
    assert json.loads(held) == {}


def test_what_a_stack_owns_is_left_to_it_and_said(hpctl: Hpctl, account: Account, name: str) -> None:
    ec2 = account.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=[account.seed["SUBNET_ID"]])["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    ec2.create_tags(Resources=[group], Tags=[{"Key": "aws:cloudformation:stack-name", "Value": "platform"}])
    network = {"subnet_ids": ["${SUBNET_ID}"], "security_group_ids": [group]}
    file = specs.write(hpctl.folder, specs.slurm(name, network=network))
    told = hpctl("doctor", "-f", file, "--fix", "--yes", ends=ExitCode.CHECKS_FAILED)
    assert f"! network-sg-self-ref ({group}): CloudFormation stack `platform` owns it" in told.err
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"] == []
