from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as boto
from botocore.compat import XMLParseError
from botocore.parsers import ResponseParserError

from hpctl.adapters.aws.errors import Request, lacking, reads, translated
from hpctl.errors import (
    AccessError,
    ConflictError,
    ExitCode,
    HpctlError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UsageError,
)
from tests.unit.adapters.wire import Reply, Wire, connect, ec2_error, error, xml

ME = "User: arn:aws:iam::1:user/me is not authorized to perform:"
CLUSTERS = "arn:aws:sagemaker:eu-west-1:1:cluster/*"
ROLE = "arn:aws:iam::1:role/r"
LOOKED = "hpctl looked in Region `eu-west-1`; `--region` and `--profile` choose where it looks"
STRANGER = "a Region that the account has not enabled (is `eu-west-1`?) answers the same"
CLOCK = "check the secret access key and this machine's clock, or run `aws configure`"
CODES: list[tuple[str, int, type[HpctlError], ExitCode, str | None]] = [
    ("AccessDeniedException", 400, AccessError, ExitCode.ACCESS, "the caller needs the IAM action"),
    ("AccessDenied", 403, AccessError, ExitCode.ACCESS, "the caller needs the IAM action"),
    ("UnauthorizedOperation", 403, AccessError, ExitCode.ACCESS, "the caller needs the IAM action"),
    ("403", 403, AccessError, ExitCode.ACCESS, "the caller needs the IAM action"),
    ("ExpiredToken", 403, AccessError, ExitCode.ACCESS, "run `aws configure`"),
    ("ExpiredTokenException", 400, AccessError, ExitCode.ACCESS, "run `aws configure`"),
    ("InvalidClientTokenId", 403, AccessError, ExitCode.ACCESS, STRANGER),
    ("UnrecognizedClientException", 400, AccessError, ExitCode.ACCESS, STRANGER),
    ("AuthFailure", 401, AccessError, ExitCode.ACCESS, STRANGER),
    ("SignatureDoesNotMatch", 403, AccessError, ExitCode.ACCESS, CLOCK),
    ("InvalidSignatureException", 403, AccessError, ExitCode.ACCESS, CLOCK),
    ("RequestExpired", 400, AccessError, ExitCode.ACCESS, CLOCK),
    ("ResourceNotFound", 400, NotFoundError, ExitCode.NOT_FOUND, LOOKED),
    ("ResourceNotFoundException", 404, NotFoundError, ExitCode.NOT_FOUND, LOOKED),
    ("InvalidSubnetID.NotFound", 400, NotFoundError, ExitCode.NOT_FOUND, LOOKED),
    ("NoSuchBucket", 404, NotFoundError, ExitCode.NOT_FOUND, LOOKED),
    ("NoSuchEntity", 404, NotFoundError, ExitCode.NOT_FOUND, LOOKED),
    ("NoSuchEntityException", 404, NotFoundError, ExitCode.NOT_FOUND, LOOKED),
    ("NoSuchKey", 404, NotFoundError, ExitCode.NOT_FOUND, LOOKED),
    ("NoSuchResourceException", 400, NotFoundError, ExitCode.NOT_FOUND, LOOKED),
    ("ResourceInUse", 400, ConflictError, ExitCode.CONFLICT, None),
    ("ResourceInUseException", 409, ConflictError, ExitCode.CONFLICT, None),
    ("ConflictException", 409, ConflictError, ExitCode.CONFLICT, None),
    ("Throttling", 400, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("ThrottlingException", 400, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("TooManyRequestsException", 429, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("RequestLimitExceeded", 503, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("SomethingNew", 429, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("ServiceUnavailable", 503, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("InternalFailure", 500, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("ServerException", 500, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("ServiceException", 400, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("ServiceFailure", 500, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("SlowDown", 503, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("SomethingNew", 502, UnavailableError, ExitCode.UNAVAILABLE, "try again later"),
    ("NotImplementedInSandbox", 501, RefusedError, ExitCode.CHECKS_FAILED, None),
    ("SomethingNew", 501, RefusedError, ExitCode.CHECKS_FAILED, None),
    ("ResourceLimitExceeded", 400, RefusedError, ExitCode.CHECKS_FAILED, None),
    ("ValidationException", 400, RefusedError, ExitCode.CHECKS_FAILED, None),
    ("InvalidObjectState", 403, RefusedError, ExitCode.CHECKS_FAILED, None),
    ("IllegalArgumentException", 400, RefusedError, ExitCode.CHECKS_FAILED, None),
    ("InvalidInput", 400, RefusedError, ExitCode.CHECKS_FAILED, None),
    ("SomethingNew", 400, RefusedError, ExitCode.CHECKS_FAILED, None),
]


@pytest.fixture(autouse=True)
def no_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)


def refusal(reply: Reply, operation: str = "DescribeCluster", **params: Any) -> HpctlError:
    """Return the error that SageMaker's answer becomes."""
    with pytest.raises(HpctlError) as caught:
        connect(Wire(reply)).call("sagemaker", operation, **{"ClusterName": "train", **params})
    return caught.value


@pytest.mark.parametrize(("code", "status", "kind", "exit_code", "hint"), CODES)
def test_every_code_has_its_class_exit_code_and_hint(
    code: str, status: int, kind: type[HpctlError], exit_code: ExitCode, hint: str | None
) -> None:
    caught = refusal(error(code, "AWS says so.", status))
    assert (type(caught), caught.exit_code) == (kind, exit_code)
    assert "`sagemaker:DescribeCluster`" in caught.message
    assert caught.message.endswith("AWS says so"), "AWS's words are kept, its full stop is not"
    assert (hint or "") in (caught.hint or "")
    assert (caught.hint is None) == (hint is None)
    assert (STRANGER in (caught.hint or "")) == (hint == STRANGER), "only where a Region may be the reason"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "AWS denied `sagemaker:DescribeCluster` for `train`: no"),
        ("ResourceNotFound", "`sagemaker:DescribeCluster` for `train` found nothing: no"),
        ("ConflictException", "`sagemaker:DescribeCluster` for `train` is in conflict with what is there: no"),
        (
            "ResourceLimitExceeded",
            "AWS refused `sagemaker:DescribeCluster` for `train` with `ResourceLimitExceeded`: no",
        ),
    ],
)
def test_a_message_names_operation_and_thing(code: str, message: str) -> None:
    assert refusal(error(code, "no")).message == message


def test_aws_s_code_stays_with_a_refusal() -> None:
    caught = refusal(error("ResourceLimitExceeded", "quota"))
    assert isinstance(caught, RefusedError)
    assert caught.aws_code == "ResourceLimitExceeded"


@pytest.mark.parametrize(
    ("words", "action", "hint"),
    [
        (
            f"{ME} sagemaker:DescribeCluster on resource: {CLUSTERS} because no identity-based policy allows it",
            "sagemaker:DescribeCluster",
            f"the caller needs the IAM action `sagemaker:DescribeCluster` on `{CLUSTERS}`",
        ),
        (
            f"{ME} iam:PassRole on resource: {ROLE} with an explicit deny in a service control policy",
            "iam:PassRole",
            f"a policy explicitly denies the IAM action `iam:PassRole` on `{ROLE}`: its owner must lift that",
        ),
        (
            "You shall not pass",
            "sagemaker:DescribeCluster",
            "the caller needs the IAM action `sagemaker:DescribeCluster`",
        ),
    ],
)
def test_a_denial_names_the_iam_action(words: str, action: str, hint: str) -> None:
    caught = refusal(error("AccessDeniedException", words))
    assert isinstance(caught, AccessError)
    assert (caught.action, caught.hint) == (action, hint)


def test_a_denial_in_the_guise_of_a_validation_error_is_a_denial() -> None:
    caught = refusal(error("ValidationException", f"{ME} iam:PassRole on resource: {ROLE}"), operation="CreateCluster")
    assert isinstance(caught, AccessError)
    assert caught.action == "iam:PassRole"


def test_a_role_that_lacks_a_right_is_a_refusal_and_not_the_caller_s_denial() -> None:
    words = "The execution role is not authorized to perform: ec2:DescribeSubnets"
    assert isinstance(refusal(error("ValidationException", words), operation="CreateCluster"), RefusedError)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("DescribeCluster", NotFoundError), ("DeleteCluster", NotFoundError), ("CreateCluster", RefusedError)],
)
def test_a_validation_error_about_a_missing_thing_is_not_found_only_when_that_thing_was_asked_for(
    operation: str, kind: type[HpctlError]
) -> None:
    assert type(refusal(error("ValidationException", "Could not find it"), operation=operation)) is kind


def test_ec2_s_errors_are_read_too() -> None:
    with pytest.raises(AccessError) as caught:
        connect(Wire(ec2_error("UnauthorizedOperation", "Not you.", 403))).call("ec2", "DescribeSubnets")
    assert (caught.value.message, caught.value.action) == (
        "AWS denied `ec2:DescribeSubnets`: Not you",
        "ec2:DescribeSubnets",
    )


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("sagemaker", "DescribeCluster", "sagemaker:DescribeCluster"),
        ("service-quotas", "ListServiceQuotas", "servicequotas:ListServiceQuotas"),
        ("s3", "ListObjectsV2", "s3:ListBucket"),
        ("s3", "HeadBucket", "s3:ListBucket"),
        ("s3", "GetObject", "s3:GetObject"),
    ],
)
def test_a_call_has_its_own_name_and_that_of_its_iam_action(service: str, operation: str, action: str) -> None:
    request = Request(service=service, operation=operation, region="eu-west-1", subject="x")
    assert (request.action, str(request)) == (action, f"`{service}:{operation}` for `x`")


def test_a_web_server_s_error_page_is_not_quoted() -> None:
    page = Reply(500, b"<!doctype html><title>500</title>", {"content-type": "text/html"})
    assert refusal(page).message == (
        "AWS failed to answer `sagemaker:DescribeCluster` for `train` in all of up to 6 tries: `500`"
    )


def test_an_answer_that_is_no_xml_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="got an answer that cannot be read from AWS in `eu-west-1`"):
        connect(Wire(xml("<html><oops"))).call("sts", "GetCallerIdentity")


def test_invalid_parameters_are_told_in_one_line() -> None:
    caught = refusal(error("never", "sent"), operation="CreateCluster", ClusterName=3, Nonsense=1)
    assert isinstance(caught, RefusedError)
    assert caught.aws_code == "ParamValidationError"
    assert "\n" not in caught.message
    assert 'Unknown parameter in input: "Nonsense"' in caught.message
    assert "; Invalid type for parameter ClusterName" in caught.message


REQUEST = Request(service="sts", operation="GetCallerIdentity", region="eu-west-1", renewal="run `aws login`")
ELSEWHERE = Request(service="sts", operation="GetCallerIdentity", region="eu-west-1", endpoint="http://127.0.0.1:1")
URL = "http://me:hush@127.0.0.1:1"


@pytest.mark.parametrize(
    ("raised", "kind", "words"),
    [
        (boto.NoCredentialsError(), AccessError, "there are no valid credentials for"),
        (boto.PartialCredentialsError(provider="env", cred_var="x"), AccessError, "missing: x"),
        (boto.CredentialRetrievalError(provider="p", error_msg="boom"), AccessError, "boom"),
        (boto.SSOTokenLoadError(error_msg="gone"), AccessError, "gone"),
        (boto.UnauthorizedSSOTokenError(), AccessError, "SSO"),
        (boto.TokenRetrievalError(provider="sso", error_msg="expired"), AccessError, "expired"),
        (boto.LoginRefreshRequired(), AccessError, "there are no valid credentials"),
        (boto.MetadataRetrievalError(error_msg="imds"), AccessError, "imds"),
        (boto.NoRegionError(), UsageError, "cannot be sent: You must specify a region"),
        (boto.InvalidConfigError(error_msg="loop"), UsageError, "loop"),
        (boto.EndpointResolutionError(msg="FIPS and custom endpoint are not supported"), UsageError, "FIPS"),
        (boto.EndpointConnectionError(endpoint_url=URL), UnavailableError, "could not connect to AWS in `eu-west-1`"),
        (boto.ConnectTimeoutError(endpoint_url=URL), UnavailableError, "could not connect to"),
        (boto.ProxyConnectionError(proxy_url=URL), UnavailableError, "could not connect to"),
        (
            boto.SSLError(endpoint_url=URL, error=OSError("self signed")),
            UnavailableError,
            "found no certificate it can trust",
        ),
        (boto.ReadTimeoutError(endpoint_url=URL), UnavailableError, "got no answer in time from"),
        (boto.ConnectionClosedError(endpoint_url=URL), UnavailableError, "lost the connection to"),
        (boto.HTTPClientError(error="reset"), UnavailableError, "lost the connection to"),
        (boto.ResponseStreamingError(error="cut"), UnavailableError, "lost the connection to"),
        (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), UnavailableError, "lost the connection to"),
        (ResponseParserError("garbage"), UnavailableError, "got an answer that cannot be read from"),
        (XMLParseError("garbage"), UnavailableError, "got an answer that cannot be read from"),
        (boto.FlexibleChecksumError(error_msg="crc32"), UnavailableError, "got an answer that cannot be read from"),
        (boto.PaginationError(message="same token"), UnavailableError, "got an answer that cannot be read from"),
        (boto.UnknownClientMethodError(method_name="x"), RefusedError, "cannot be sent"),
    ],
)
def test_what_goes_wrong_on_the_way_is_told_apart(raised: Exception, kind: type[HpctlError], words: str) -> None:
    caught = translated(raised, REQUEST)
    assert type(caught) is kind
    assert words in caught.message
    assert caught.message.startswith(("`sts:GetCallerIdentity`", "there are no valid credentials"))
    assert "hush" not in caught.message
    assert not caught.message.endswith(".")
    if kind is AccessError:
        assert caught.hint == "run `aws login`"


@pytest.mark.parametrize(
    "raised",
    [boto.EndpointConnectionError(endpoint_url=URL), boto.ReadTimeoutError(endpoint_url=URL), ResponseParserError("x")],
)
def test_a_foreign_endpoint_is_named_with_what_sends_requests_there(raised: Exception) -> None:
    caught = translated(raised, ELSEWHERE)
    assert "`http://127.0.0.1:1`" in caught.message
    assert caught.hint is not None
    assert "AWS_ENDPOINT_URL" in caught.hint


def test_the_hint_for_a_refused_certificate_names_the_variable() -> None:
    caught = translated(boto.SSLError(endpoint_url=URL, error=OSError("self signed")), REQUEST)
    assert caught.hint == "behind a proxy that replaces certificates, point AWS_CA_BUNDLE at its CA certificates"


def test_a_member_that_an_answer_lacks_is_no_bug_of_hpctl() -> None:
    @reads("eks:DescribeCluster")
    def name_of(answer: Any) -> str:
        return str(answer["cluster"]["name"])

    assert name_of({"cluster": {"name": "k"}}) == "k"
    with pytest.raises(UnavailableError) as caught:
        name_of({"cluster": {}})
    assert caught.value.message == "the answer to `eks:DescribeCluster` has no `name`"
    assert caught.value.hint == lacking("x", "y").hint
