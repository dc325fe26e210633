"""Reports of checks, with every outcome."""

from __future__ import annotations

from hpctl.report.check import CheckListReport, CheckReport, CheckResult, DeclaredCheck, Finding
from hpctl.terms import Outcome

CHECKS = CheckReport(
    subject="cluster.yaml",
    results=(
        CheckResult(id="spec-names", title="names are unique", outcome=Outcome.PASS, blocking=True),
        CheckResult(
            id="network-ids-exist",
            title="every subnet and security group exists",
            outcome=Outcome.UNKNOWN,
            blocking=True,
            reason="not allowed: `ec2:DescribeSubnets`",
            hint="allow `ec2:DescribeSubnets` to `role/Admin`, or go on with `--allow-unknown`",
        ),
        CheckResult(
            id="network-efa-single-az",
            title="every EFA instance group lives in one Availability Zone",
            outcome=Outcome.FAIL,
            blocking=True,
            findings=(
                Finding(
                    level="fail",
                    subject="instance group/workers",
                    message="EFA cannot cross Availability Zones, and the subnets of `workers` are in 2 of them",
                    evidence=("usw2-az1: subnet-0a1b2c3d4e5f60718", "usw2-az2: subnet-1a1b2c3d4e5f60718"),
                    remedy="give `workers` subnets of one zone only, for example `subnet-0a1b2c3d4e5f60718`",
                    path=("instance_groups", 0, "override_network", "subnet_ids"),
                    location="cluster.yaml:14:5",
                ),
            ),
        ),
        CheckResult(
            id="eks-auth-mode",
            title="the EKS cluster takes access entries",
            outcome=Outcome.FAIL,
            blocking=True,
            findings=(
                Finding(
                    level="fail",
                    subject="EKS cluster/training-eks",
                    message="HyperPod does not support authentication mode `CONFIG_MAP`",
                    evidence=("seen: CONFIG_MAP", "needed: API or API_AND_CONFIG_MAP"),
                    remedy="aws eks update-cluster-config --region us-west-2 --name training-eks "
                    "--access-config authenticationMode=API_AND_CONFIG_MAP",
                    path=("orchestrator", "eks"),
                ),
            ),
        ),
        CheckResult(
            id="network-free-addresses",
            title="subnets have enough free addresses",
            outcome=Outcome.SKIP,
            blocking=True,
            reason="needs `network-ids-exist`",
        ),
        CheckResult(
            id="spec-multi-subnet",
            title="the cluster's subnets are meant to be several",
            outcome=Outcome.WARN,
            blocking=False,
            findings=(Finding(level="warn", subject="cluster/hp-cluster", message="HyperPod picks one of them"),),
        ),
        CheckResult(id="spec-counts", title="counts are possible", outcome=Outcome.PASS, blocking=True),
    ),
)

CHECK_LIST = CheckListReport(
    checks=(
        DeclaredCheck(
            id="tools-clock",
            title="the clock is right",
            judges="machine",
            blocking=False,
            reads=("sts:GetCallerIdentity",),
        ),
        DeclaredCheck(
            id="network-efa-single-az",
            title="every EFA instance group lives in one Availability Zone",
            judges="spec",
            blocking=True,
            needs=("network-ids-exist",),
            reads=("ec2:DescribeSubnets",),
        ),
    )
)
