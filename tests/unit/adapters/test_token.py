"""Tokens for EKS: until when they are good, and whose credentials sign them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube.token import dated_token
from hpctl.errors import AccessError, UsageError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def profiles(tmp_path: Path) -> None:
    keys = "aws_access_key_id = AKIA{}\naws_secret_access_key = secret\n"
    text = "".join(f"[{name}]\n{keys.format(name.upper())}" for name in ("default", "team"))
    (tmp_path / "credentials").write_text(text)


def keys_of_the_shell(monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIASHELL", "AWS_SECRET_ACCESS_KEY": "secret", **more}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)


def signer(token: str) -> str:
    """Return the id of the key that signed a token."""
    text = token.removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    return parse_qs(urlsplit(url).query)["X-Amz-Credential"][0].split("/")[0]


def session(profile: str | None = None, region: str = "us-west-2") -> AwsSession:
    return AwsSession(profile=profile, region=region)


def test_a_token_is_good_for_fourteen_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    keys_of_the_shell(monkeypatch)
    assert dated_token(session(), "training", NOW).good_until == NOW + timedelta(minutes=14)


@pytest.mark.parametrize(("left", "good_for"), [(5, 5), (20, 14)])
def test_a_token_ends_with_the_credentials_that_signed_it(
    left: int, good_for: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    end = now + timedelta(minutes=left)
    keys_of_the_shell(monkeypatch, AWS_SESSION_TOKEN="t", AWS_CREDENTIAL_EXPIRATION=end.isoformat())
    assert dated_token(session(), "training", now).good_until == now + timedelta(minutes=good_for)


@pytest.mark.usefixtures("profiles")
def test_a_profile_that_is_named_beats_keys_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    keys_of_the_shell(monkeypatch)
    assert signer(dated_token(session("team"), "training", NOW).text) == "AKIATEAM"
    assert signer(dated_token(session("default"), "training", NOW).text) == "AKIADEFAULT"
    assert signer(dated_token(session(), "training", NOW).text) == "AKIASHELL"


@pytest.mark.usefixtures("profiles")
def test_the_profile_in_use_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (session().pinned_profile, session("team").pinned_profile) == ("default", "team")
    monkeypatch.setenv("AWS_PROFILE", "team")
    assert session().pinned_profile == "team"
    keys_of_the_shell(monkeypatch)
    assert session().pinned_profile is None


def test_without_credentials_there_is_none_to_tell() -> None:
    with pytest.raises(AccessError, match="no valid credentials"):
        _ = session().pinned_profile
    with pytest.raises(AccessError, match="no valid credentials"):
        dated_token(session(), "training", NOW)


def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="there is no AWS profile `team`"):
        session("team")


def test_china_has_an_sts_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    keys_of_the_shell(monkeypatch)
    text = dated_token(session(region="cn-north-1"), "training", NOW).text.removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    assert url.startswith("https://sts.cn-north-1.amazonaws.com.cn/?Action=GetCallerIdentity")
