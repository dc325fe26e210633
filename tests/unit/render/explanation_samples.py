"""Reports that explain: causes of failures, checks, known failures."""

from __future__ import annotations

from hpctl.report.explanation import (
    CheckPageReport,
    Evidence,
    Explanation,
    ExplanationReport,
    FailureFacts,
    FailureListReport,
    NearFailure,
)
from tests.unit.render.cluster_samples import NOW

FAILURE = FailureFacts(
    failure="lifecycle-timeout",
    area="lifecycle",
    severity="blocks",
    told_by_words=True,
    example="Lifecycle scripts execution timed out",
    cause="the script waits for something that never comes: a package lock, a file system that does not mount",
    remedy="read where it stopped\naws logs tail /aws/sagemaker/Clusters/{name}/{cluster_id} --region us-west-2",
    checks=("network-egress-path", "network-dns"),
    basis="guides",
    page="docs/reference/failures/lifecycle-timeout.md",
)

SLOW = FailureFacts(
    failure="creation-slow",
    area="creation",
    severity="degrades",
    told_by_words=False,
    example="a cluster is in status Creating for more than an hour",
    cause="HyperPod asks again and again for capacity",
    remedy="hpctl cluster events {name}",
    basis="guides",
    page="docs/reference/failures/creation-slow.md",
)

EXPLANATION = ExplanationReport(
    subject="cluster hp-cluster",
    explanations=(
        Explanation(
            known=FAILURE,
            evidence=(
                Evidence(
                    place="node i-0a1b2c3d4e5f60718, status Failure", text="Lifecycle scripts execution timed out"
                ),
                Evidence(place="event e1 of workers", text="Lifecycle scripts execution timed out", time=NOW),
            ),
        ),
        Explanation(known=None, evidence=(Evidence(place="event e2", text="something new \x1b[31mred", time=NOW),)),
        Explanation(known=SLOW),
    ),
    past=(Explanation(known=SLOW, evidence=(Evidence(place="event e0", text="Creating"),)),),
    unread=("the logs of the lifecycle scripts: `logs:DescribeLogStreams` is not allowed",),
    nearest=(
        NearFailure(
            failure="lifecycle-timeout",
            score=0.41,
            example="Lifecycle scripts execution timed out",
            page="docs/reference/failures/lifecycle-timeout.md",
        ),
    ),
    lines=120_000,
)

CHECK_PAGE = CheckPageReport(
    check="network-dns",
    title="nodes get names",
    text="Nodes find services by name.\n\nSource: AWS documentation\n(VPC DNS).",
    judges="spec",
    blocking=True,
    needs=("network-ids-exist",),
    reads=("ec2:DescribeVpcAttribute",),
    failures=("lifecycle-timeout", "network-misconfigured"),
    page="docs/reference/checks/network-dns.md",
)

FAILURES = FailureListReport(failures=(FAILURE, SLOW))
