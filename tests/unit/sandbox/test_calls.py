"""The proxy names what a request asks, in every protocol."""

from __future__ import annotations

import pytest

from hpctl.sandbox.proxy.calls import call_of
from hpctl.sandbox.proxy.wire import Request
from tests.unit.sandbox.calls import a_request, a_sagemaker_request

FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("request_", "name", "mutates"),
    [
        (a_sagemaker_request("CreateCluster"), "sagemaker:CreateCluster", True),
        (a_sagemaker_request("DescribeCluster"), "sagemaker:DescribeCluster", False),
        (a_request("ec2", "POST", "/", b"Action=DescribeVpcs", Content_Type=FORM), "ec2:DescribeVpcs", False),
        (a_request("iam", "POST", "/", b"Action=CreateRole", Content_Type=FORM), "iam:CreateRole", True),
        (a_request("eks", "GET", "/clusters"), "eks:ListClusters", False),
        (a_request("eks", "GET", "/clusters/a"), "eks:DescribeCluster", False),
        (a_request("eks", "GET", "/clusters/a/access-entries?maxResults=1"), "eks:ListAccessEntries", False),
        (a_request("eks", "POST", "/clusters/a/update-config"), "eks:UpdateClusterConfig", True),
        (
            a_request("eks", "POST", "/clusters/a/access-entries/arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr/access-policies"),
            "eks:AssociateAccessPolicy",
            True,
        ),
        (a_request("s3", "GET", "/"), "s3:ListBuckets", False),
        (a_request("s3", "HEAD", "/bucket"), "s3:HeadBucket", False),
        (a_request("s3", "PUT", "/bucket"), "s3:CreateBucket", True),
        (a_request("s3", "GET", "/bucket?list-type=2&prefix=a"), "s3:ListObjectsV2", False),
        (a_request("s3", "GET", "/bucket/a/b"), "s3:GetObject", False),
        (a_request("s3", "PUT", "/bucket/a/b"), "s3:PutObject", True),
        (a_request("s3", "PUT", "/bucket/a?partNumber=1&uploadId=x"), "s3:UploadPart", True),
        (a_request("nothing", "GET", "/x"), "nothing:GET /x", False),
        (Request("GET", "/x", "HTTP/1.1", ()), "?:GET /x", False),
    ],
)  # fmt: skip
def test_a_request_is_named(request_: Request, name: str, mutates: bool) -> None:
    call = call_of(request_, 3)
    assert (str(call), call.mutates, call.number) == (name, mutates, 3)


def test_the_clusters_that_a_request_speaks_of() -> None:
    arn = "arn:aws:sagemaker:us-west-2:1:cluster/a"
    assert call_of(a_sagemaker_request("CreateCluster", ClusterName="a"), 1).clusters == {"a"}
    assert call_of(a_sagemaker_request("AddTags", ResourceArn=arn), 1).clusters == {arn}
    assert call_of(a_request("eks", "GET", "/clusters/b/addons"), 1).clusters == {"b"}
    assert call_of(a_request("sagemaker", "POST", "/", b"no JSON"), 1).clusters == set()


@pytest.mark.parametrize(
    ("words", "agent"),
    [
        ("Botocore/1.44.5 ua/2.1 os/linux hpctl/0.1.0", "hpctl"),
        ("aws-cli/2.31.0 md/awscrt", "aws-cli"),
        ("Botocore/1.44.5 not-hpctl/1", "Botocore"),
        ("", ""),
    ],
)
def test_who_asks_is_told_by_its_user_agent(words: str, agent: str) -> None:
    assert call_of(a_request("ec2", "POST", body=b"Action=DescribeVpcs", User_Agent=words), 1).agent == agent
