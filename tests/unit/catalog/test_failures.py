"""Each known failure is recognised by its words, and ordinary messages are not."""

from __future__ import annotations

import re
import time

import pytest

from hpctl.catalog.failures import KnownFailure, Severity, _compiled, fill, known_failures, match

ROWS = known_failures()
SAMPLES = [(row, sample) for row in ROWS for sample in row.samples]
GENERAL = {
    "efa-health-check-replacement": {"efa-health-check"},
    "quota-cluster-instances": {"quota"},
    "quota-total-instances": {"quota"},
    "quota-instance-type": {"quota"},
    "lifecycle-key-denied": {"lifecycle-bucket-denied", "not-authorized"},
    "lifecycle-bucket-denied": {"not-authorized"},
    "service-linked-role": {"not-authorized"},
    "eks-access-entry": {"not-authorized"},
}
"""Special failures whose words the more general ones, further down, would take too."""

PLACEHOLDERS = {
    "bucket",
    "cluster_id",
    "count",
    "ec2_instance_type",
    "eks_cluster",
    "group",
    "instance_type",
    "name",
    "prefix",
    "quota_code",
    "region",
    "role",
    "security_group",
    "stack",
    "subnet",
    "training_plan",
    "vpc",
    "action",
    "role_arn",
}


def recognised(text: str) -> KnownFailure:
    found = match(text)
    assert found is not None, text
    return found


@pytest.mark.parametrize(("row", "sample"), SAMPLES, ids=lambda one: getattr(one, "id", ""))
def test_a_sample_is_recognised_as_its_own_row(row: KnownFailure, sample: str) -> None:
    assert recognised(sample).id == row.id


@pytest.mark.parametrize(("row", "sample"), SAMPLES, ids=lambda one: getattr(one, "id", ""))
def test_only_the_named_general_rows_would_take_a_sample_too(row: KnownFailure, sample: str) -> None:
    others = {other.id for other in ROWS if other.id != row.id and _compiled(other.pattern).search(sample)}
    assert others <= GENERAL.get(row.id, set())


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("efa HEALTH checks\n  did not run successfully", "efa-health-check"),
        (
            "Instance creation failed: We currently do not have sufficient capacity for the\nrequested instance type",
            "capacity",
        ),
        (
            "AccessDenied: User: arn:aws:iam::1:user/a is not authorized to perform: eks:AssociateAccessPolicy",
            "eks-access-entry",
        ),
        ("EKS clusters with `CONFIG_MAP` authentication mode are not supported.", "eks-authentication-mode"),
        ("Lifecycle scripts did not run successfully after Lifecycle scripts execution timed out", "lifecycle-timeout"),
        ("could not assume role arn:aws:iam::111122223333:role/x", "execution-role-trust"),
        ("Embedded stack arn:aws-us-gov:cloudformation:us-gov-west-1:1:stack/x failed", "nested-stack"),
    ],
)
def test_words_are_recognised_in_other_dress(text: str, failure: str) -> None:
    assert recognised(text).id == failure


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Cluster ml-cluster creation completed successfully",
        "EFA health checks ran successfully",
        "EKS clusters with API_AND_CONFIG_MAP authentication mode are supported",
        "EKS clusters with API_AND_CONFIG_MAP authentication mode are not supported in this example",
        "SLR Access Entry create successful for Cluster ml-cluster",
        "Successfully created Customer ENI for instance in Cluster ml-cluster and IG workers",
        "Customer ENI successfully deleted for EC2 Instance i-0",
        "Slurm configuration drift validation passed",
        "Found provisioning_parameters.json in LifeCycleScript S3 Path for controller group c",
        "Instance lifecycle script execution for EC2 Instance i-0 has Succeeded",
        "Failed to provision EC2 Instance in Cluster ml-cluster and InstanceGroup workers",
        "Instance creation in Cluster ml-cluster and InstanceGroup workers failed",
        "Found CapacityReservation ID cr-1 for IG workers, using reserved capacity",
        "The account-level service limit was raised",
        "The security group 'sg-0a1b2c3d4e5f60718' exists",
        "You are authorized to perform this operation",
        "SageMaker can assume the execution role",
        "Embedded stack created",
        "upstream conflict: exceptional",
        "An error occurred (ThrottlingException) when calling the DescribeCluster operation: Rate exceeded",
    ],
)
def test_ordinary_messages_and_near_misses_are_no_known_failure(text: str) -> None:
    assert match(text) is None


def test_rows_are_complete_and_their_ids_are_stable_words() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", row.id), row.id
        assert row.samples, row.id
        assert row.checks, row.id
        assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", check) for check in row.checks), row.id
        assert row.basis in {"documentation", "guides", "reported", "observed"}, row.id
        assert row.severity in Severity
        assert row.cause
        assert not row.cause.endswith("."), row.id


def test_remedies_end_in_commands_to_paste_with_known_placeholders() -> None:
    for row in ROWS:
        *_, command = row.remedy.splitlines()
        assert command.split()[0] in {"aws", "hpctl", "helm"}, row.id
        assert set(re.findall(r"\{([a-z][a-z0-9_]*)\}", row.remedy)) <= PLACEHOLDERS, row.id


def test_the_two_ids_that_name_the_rules_of_creation_are_kept() -> None:
    assert "network-efa-single-az" in recognised("EFA health checks did not run successfully").checks
    assert recognised("EKS clusters with CONFIG_MAP authentication mode are not supported").checks == ("eks-auth-mode",)


def test_what_the_message_tells_is_in_the_remedy_already() -> None:
    quota = recognised("The account-level service limit 'ml.p5.48xlarge for cluster usage' is 0 Instances")
    assert "starts_with(QuotaName, 'ml.p5.48xlarge for cluster')" in quota.remedy
    capacity = recognised("do not have sufficient capacity to launch new ml.p5.48xlarge instances")
    assert "Values=p5.48xlarge " in capacity.remedy
    lifecycle = recognised(
        "Lifecycle scripts did not run successfully. Visit log group '/aws/sagemaker/Clusters/demo/abcdef012345' "
        "and log stream 'LifecycleConfig/workers/i-0'."
    )
    assert "aws logs tail /aws/sagemaker/Clusters/demo/abcdef012345 --region {region}" in lifecycle.remedy
    assert lifecycle.remedy.endswith("LifecycleConfig/workers")


def test_a_remedy_is_filled_with_what_is_known_and_the_rest_stays() -> None:
    assert fill("hpctl cluster events {name} --region {region}", {"name": "demo", "region": None}) == (
        "hpctl cluster events demo --region {region}"
    )


def test_values_from_elsewhere_cannot_break_out_of_a_command() -> None:
    assert fill("hpctl cluster describe {name}", {"name": "x; rm -rf ~"}) == "hpctl cluster describe 'x; rm -rf ~'"


@pytest.mark.parametrize(
    "text",
    [
        "Lifecycle scripts did not run successfully " * 50_000,
        "Embedded stack arn:aws:cloudformation:" * 50_000,
        "AccessDenied (403) " * 50_000,
        " " * 1_000_000,
    ],
)
def test_a_pasted_log_is_searched_in_no_time(text: str) -> None:
    started = time.process_time()
    match(text)
    assert time.process_time() - started < 1
