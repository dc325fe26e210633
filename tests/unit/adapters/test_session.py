from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from hpctl import __version__, timeouts
from hpctl.adapters.aws.caller import AwsCaller
from hpctl.adapters.aws.session import AwsSession
from hpctl.errors import AccessError, UnavailableError, UsageError
from tests.unit.adapters.wire import ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, Wire, connect, error, ok

Configure = Callable[[str], None]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Give the AWS configuration file the text."""

    def write(text: str) -> None:
        file = tmp_path / "aws-config"
        file.write_text(text)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(file))

    return write


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collect what botocore would have slept between two tries."""
    slept: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", slept.append)
    return slept


@pytest.mark.parametrize(
    ("flag", "environment", "region"),
    [
        ("eu-west-1", {"AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-west-1"}, "eu-west-1"),
        (None, {"AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-west-1"}, "us-east-2"),
        (None, {"AWS_DEFAULT_REGION": "us-west-1"}, "us-west-1"),
        (None, {}, "ap-south-1"),
    ],
)
def test_the_region_comes_from_the_flag_then_the_environment_then_the_profile(
    flag: str | None,
    environment: dict[str, str],
    region: str,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure("[profile dev]\nregion = ap-south-1\n")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert AwsSession(profile="dev", region=flag).region == region


@pytest.mark.parametrize(
    ("profile", "hint"),
    [
        (None, "pass `--region`, set AWS_REGION, or give the default profile one"),
        ("dev", "pass `--region`, set AWS_REGION, or give the profile `dev` one"),
    ],
)
def test_without_a_region_the_error_names_the_three_ways_to_give_one(
    profile: str | None, hint: str, configure: Configure
) -> None:
    configure("[profile dev]\noutput = json\n")
    session = AwsSession(profile=profile, region=None)
    with pytest.raises(UsageError) as caught:
        session.call("sagemaker", "ListClusters")
    assert (caught.value.message, caught.value.hint) == ("no AWS Region is chosen", hint)


def test_an_unknown_profile_is_answered_with_the_nearest_ones_first(configure: Configure) -> None:
    configure("[profile alpha]\n[profile prod-eu]\n[profile zulu]\n")
    with pytest.raises(UsageError) as caught:
        AwsSession(profile="prod-ue", region="eu-west-1")
    assert caught.value.message == "there is no AWS profile `prod-ue`"
    assert caught.value.hint == "there are `prod-eu`, `alpha`, `zulu`"


def test_an_unknown_profile_in_the_environment_is_the_same_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "ghost")
    with pytest.raises(UsageError) as caught:
        AwsSession(profile=None, region="eu-west-1")
    assert caught.value.message == "there is no AWS profile `ghost`"
    assert caught.value.hint == "`aws configure --profile ghost` makes it"


def test_the_profile_in_use_is_told(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure("[profile dev]\n[profile ops]\n")
    assert AwsSession(profile=None, region=None).profile is None
    monkeypatch.setenv("AWS_PROFILE", "ops")
    assert AwsSession(profile=None, region=None).profile == "ops"
    assert AwsSession(profile="dev", region=None).profile == "dev"


def test_a_configuration_file_that_cannot_be_read_is_named(configure: Configure) -> None:
    configure("region = no section above me\n")
    with pytest.raises(UsageError, match=r"an AWS configuration file cannot be read: .*aws-config"):
        AwsSession(profile=None, region="eu-west-1")


def test_a_malformed_region_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        AwsSession(profile=None, region="eu west 1").call("sts", "GetCallerIdentity")
    assert caught.value.message == "`eu west 1` is not the name of an AWS Region"
    assert caught.value.hint == "check `--region`"


def test_an_endpoint_without_a_scheme_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:5000")
    with pytest.raises(UsageError) as caught:
        AwsSession(profile=None, region="eu-west-1").call("sts", "GetCallerIdentity")
    assert caught.value.message == "the AWS endpoint is no URL: Invalid endpoint: localhost:5000"
    assert caught.value.hint is not None
    assert "AWS_ENDPOINT_URL" in caught.value.hint


def test_every_limit_of_a_client_is_ours() -> None:
    config: Any = connect(Wire())._client("sagemaker").meta.config
    assert (config.connect_timeout, config.read_timeout) == (timeouts.CONNECT_S, timeouts.READ_S)
    assert config.retries == {"mode": "standard", "total_max_attempts": timeouts.ATTEMPTS}


def test_requests_say_that_hpctl_sends_them() -> None:
    wire = Wire(ok({"ClusterSummaries": []}))
    connect(wire).call("sagemaker", "ListClusters")
    assert f"hpctl/{__version__}" in wire.sent[0].headers["User-Agent"]


def test_many_threads_share_one_client_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    session = connect(Wire(ok({"ClusterSummaries": []})))
    made: list[str] = []
    create = session._botocore.create_client

    def counting(service: str, **options: Any) -> Any:
        made.append(service)
        return create(service, **options)

    monkeypatch.setattr(session._botocore, "create_client", counting)
    start = Barrier(8)

    def ask() -> None:
        start.wait()
        session.call("sagemaker", "ListClusters")

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(ask) for _ in range(8)]:
            done.result()
    assert made == ["sagemaker"]


def test_pages_are_followed_by_their_token_and_asked_for_only_when_needed() -> None:
    wire = Wire(
        ok({"ClusterSummaries": [{"ClusterName": "a"}], "NextToken": "more"}),
        ok({"ClusterSummaries": [{"ClusterName": "b"}]}),
    )
    rows = connect(wire).pages("sagemaker", "ListClusters", "ClusterSummaries", SortBy="NAME")
    assert next(rows) == {"ClusterName": "a"}
    assert len(wire.sent) == 1
    assert list(rows) == [{"ClusterName": "b"}]
    assert [sent.parameters for sent in wire.sent] == [
        {"SortBy": "NAME", "MaxResults": 100},
        {"SortBy": "NAME", "MaxResults": 100, "NextToken": "more"},
    ]


def test_a_page_without_its_rows_is_no_empty_page() -> None:
    rows = connect(Wire(ok({}))).pages("sagemaker", "ListClusters", "ClusterSummaries")
    with pytest.raises(UnavailableError, match="the answer to `sagemaker:ListClusters` has no `ClusterSummaries`"):
        list(rows)


def test_a_token_that_repeats_does_not_turn_for_ever() -> None:
    wire = Wire(ok({"ClusterSummaries": [], "NextToken": "same"}))
    with pytest.raises(UnavailableError, match="got an answer that cannot be read from AWS in `eu-west-1`"):
        list(connect(wire).pages("sagemaker", "ListClusters", "ClusterSummaries"))
    assert len(wire.sent) == 2


def test_a_throttle_storm_ends_after_all_tries_with_capped_waits(naps: list[float]) -> None:
    wire = Wire(error("ThrottlingException", "Rate exceeded"))
    with pytest.raises(UnavailableError) as caught:
        connect(wire).call("sagemaker", "DescribeCluster", ClusterName="train")
    assert len(wire.sent) == timeouts.ATTEMPTS
    assert len(naps) == timeouts.ATTEMPTS - 1
    assert max(naps) <= timeouts.BACKOFF_CAP_S
    assert len(set(naps)) == len(naps), "waits have jitter"
    assert caught.value.message == (
        "AWS throttled `sagemaker:DescribeCluster` for `train` in all of up to 6 tries: Rate exceeded"
    )
    assert caught.value.hint == "try again later"


def test_a_fault_that_passes_is_not_seen(naps: list[float]) -> None:
    wire = Wire(
        error("ServiceUnavailable", "busy", 503), error("InternalFailure", "oops", 500), ok({"ClusterArn": "a"})
    )
    answer = connect(wire).call("sagemaker", "DescribeCluster", ClusterName="train")
    assert answer["ClusterArn"] == "a"
    assert len(wire.sent) == 3


def test_the_log_tells_call_duration_and_outcome(naps: list[float]) -> None:
    lines: list[str] = []
    wire = Wire(error("ThrottlingException", "slow"), ok({"ClusterArn": "a"}), error("ResourceNotFound", "gone"))
    session = connect(wire, log=lines.append)
    session.call("sagemaker", "DescribeCluster", ClusterName="train")
    with pytest.raises(Exception, match="found nothing"):
        session.call("sagemaker", "DescribeCluster", ClusterName="train")
    first, second = lines
    assert first.startswith("sagemaker:DescribeCluster ")
    assert first.endswith(" ms, retries: 1, request 11111111-2222")
    assert second.endswith(" ms, ResourceNotFound")


def test_the_log_tells_of_a_call_without_answer(naps: list[float]) -> None:
    from botocore.exceptions import ConnectTimeoutError

    lines: list[str] = []
    session = connect(Wire(ConnectTimeoutError(endpoint_url="https://x")), log=lines.append)
    with pytest.raises(UnavailableError):
        session.call("sts", "GetCallerIdentity")
    assert [line.partition(" ms, ")[2] for line in lines] == ["ConnectTimeoutError"]


def test_no_secret_and_no_parameter_reaches_the_log_or_the_error(naps: list[float]) -> None:
    said: list[str] = []
    canonical = f"Signature mismatch. The Canonical String for this request was 'x-amz-security-token:{SESSION_TOKEN}'"
    session = connect(Wire(error("SignatureDoesNotMatch", canonical, 403)), log=said.append)
    with pytest.raises(AccessError) as caught:
        session.call("sagemaker", "CreateCluster", ClusterName="train", Tags=[{"Key": "k", "Value": "tag-value"}])
    told = "\n".join([*said, caught.value.message, caught.value.hint or ""])
    assert "Signature mismatch" in told
    for planted in (ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, "tag-value"):
        assert planted not in told


def test_an_endpoint_that_is_not_aws_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, naps: list[float]
) -> None:
    from botocore.exceptions import EndpointConnectionError

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:hush@127.0.0.1:5000/base")
    session = connect(Wire(EndpointConnectionError(endpoint_url="http://me:hush@127.0.0.1:5000/base")))
    with pytest.raises(UnavailableError) as caught:
        session.call("sagemaker", "DescribeCluster", ClusterName="train")
    assert caught.value.message == (
        "`sagemaker:DescribeCluster` for `train` could not connect to `http://127.0.0.1:5000`"
    )
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("AWS_ENDPOINT_URL or the profile's `endpoint_url` says to go there")


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        (
            "sso_session = corp\n[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example",
            "run `aws sso login --profile dev`",
        ),
        ("sso_start_url = https://corp.example", "run `aws sso login --profile dev`"),
        ("login_session = arn:aws:iam::111122223333:user/me", "run `aws login --profile dev`"),
        ("output = json", "run `aws configure --profile dev`, set AWS_PROFILE or pass `--profile`"),
    ],
)
def test_expired_credentials_are_answered_with_what_renews_them(settings: str, hint: str, configure: Configure) -> None:
    configure(f"[profile dev]\n{settings}\n")
    session = connect(Wire(error("ExpiredTokenException", "The security token is expired", 403)), profile="dev")
    with pytest.raises(AccessError) as caught:
        session.call("sagemaker", "ListClusters")
    assert caught.value.message == (
        "AWS did not accept the credentials of `sagemaker:ListClusters` (`ExpiredTokenException`): "
        "The security token is expired"
    )
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


def test_a_profile_that_contradicts_itself_is_a_usage_error(configure: Configure) -> None:
    configure("[profile dev]\nsso_session = nowhere\n")
    with pytest.raises(UsageError) as caught:
        AwsSession(profile="dev", region="eu-west-1").call("sts", "GetCallerIdentity")
    assert caught.value.message.startswith("`sts:GetCallerIdentity` cannot be sent: ")
    assert '"nowhere" sso_session configuration does not exist' in caught.value.message


def planted(monkeypatch: pytest.MonkeyPatch, **variables: str) -> AwsSession:
    """A session with credentials of the environment, at whose end nobody listens."""
    for name, value in {"ACCESS_KEY_ID": "AKIA", "SECRET_ACCESS_KEY": "x", **variables}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return AwsSession(profile=None, region="eu-west-1")


def test_credentials_of_the_environment_that_have_ended_are_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    session = planted(monkeypatch, CREDENTIAL_EXPIRATION="2020-01-01T00:00:00Z")
    with pytest.raises(AccessError) as caught:
        session.call("sts", "GetCallerIdentity")
    assert caught.value.message == "the credentials for `sts:GetCallerIdentity` have expired"
    assert caught.value.hint is not None
    assert "renew the AWS_* keys" in caught.value.hint


def test_another_runtime_error_stays_a_bug() -> None:
    with pytest.raises(RuntimeError, match="cannot start new thread"):
        connect(Wire(RuntimeError("cannot start new thread"))).call("sts", "GetCallerIdentity")


def test_the_end_of_credentials_is_told_where_the_environment_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    end_at = datetime(2099, 1, 1, tzinfo=UTC)
    assert planted(monkeypatch).credentials_end_at is None
    assert planted(monkeypatch, CREDENTIAL_EXPIRATION="2099-01-01T00:00:00Z").credentials_end_at == end_at
    now = end_at - timedelta(seconds=90)
    assert AwsCaller(planted(monkeypatch), lambda: now).credentials_left_s() == 90.0


def test_without_credentials_nothing_is_sent() -> None:
    wire = Wire()
    session = AwsSession(profile=None, region="eu-west-1")
    session._botocore.register("before-send", wire.send)  # type: ignore[arg-type]
    with pytest.raises(AccessError) as caught:
        session.call("sts", "GetCallerIdentity")
    assert caught.value.message == (
        "there are no valid credentials for `sts:GetCallerIdentity`: Unable to locate credentials"
    )
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("run `aws configure`")
    assert wire.sent == []


def test_an_sso_login_that_is_missing_is_answered_with_the_login_command(configure: Configure) -> None:
    configure(
        "[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = admin\n"
        "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example\n"
    )
    session = AwsSession(profile="dev", region="eu-west-1")
    with pytest.raises(AccessError) as caught:
        session.call("sts", "GetCallerIdentity")
    assert caught.value.hint == "run `aws sso login --profile dev`"
