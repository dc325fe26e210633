"""Each endpoint is tried once, and what stands in the way is told apart."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto

from hpctl.adapters.aws.endpoints import AwsEndpoints
from hpctl.facts.endpoints import Endpoint, Obstacle
from tests.unit.adapters.wire import Wire, connect, ok

EC2 = "https://ec2.eu-west-1.amazonaws.com"


class Street:
    """Addresses that answer, but for one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.knocked: list[tuple[str, dict[str, str], str | bool]] = []
        self._error = error

    def __call__(self, url: str, proxies: dict[str, str], verify: str | bool) -> None:
        self.knocked.append((url, proxies, verify))
        if self._error and url == EC2:
            raise self._error


def _ec2(error: Exception) -> Endpoint:
    found = AwsEndpoints(connect(Wire(ok({}))), Street(error)).tried()
    assert [one.host for one in found if one.obstacle] == ["ec2.eu-west-1.amazonaws.com"]
    return next(one for one in found if one.obstacle)


def test_every_service_is_tried_at_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    street = Street()
    found = AwsEndpoints(connect(Wire(ok({}))), street).tried()
    assert {one.services for one in found} >= {("ec2",), ("eks",), ("iam",), ("s3",), ("sagemaker",), ("sts",)}
    assert {one.obstacle for one in found} == {None}
    assert len(street.knocked) == len({url for url, _, _ in street.knocked}) == len(found)
    assert {verify for _, _, verify in street.knocked} == {True}


def test_services_behind_one_address_are_one_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (found,) = AwsEndpoints(connect(Wire(ok({}))), Street()).tried()
    assert (found.host, len(found.services) > 8) == ("127.0.0.1:9", True)


@pytest.mark.parametrize(
    ("error", "obstacle"),
    [
        (boto.EndpointConnectionError(endpoint_url=EC2, error="Failed to resolve 'ec2'"), Obstacle.NAME),
        (boto.EndpointConnectionError(endpoint_url=EC2, error="[Errno 111] Connection refused"), Obstacle.REFUSED),
        (boto.ConnectTimeoutError(endpoint_url=EC2, error="timed out"), Obstacle.SILENT),
        (boto.ReadTimeoutError(endpoint_url=EC2, error="timed out"), Obstacle.SILENT),
        (boto.ConnectionClosedError(endpoint_url=EC2, error="closed"), Obstacle.SILENT),
        (boto.SSLError(endpoint_url=EC2, error=ValueError("self-signed certificate")), Obstacle.CERTIFICATE),
        (boto.ProxyConnectionError(proxy_url="http://p:1", error="Tunnel connection failed: 403"), Obstacle.PROXY),
    ],
)
def test_what_stands_in_the_way_is_told_apart(error: boto.BotoCoreError, obstacle: Obstacle) -> None:
    found = _ec2(error)
    assert (found.obstacle, found.services) == (obstacle, ("ec2",))
    assert found.detail == str(error.kwargs["error"])


def test_the_proxy_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:secret@proxy.example:3128")
    street = Street(boto.ConnectTimeoutError(endpoint_url=EC2, error="timed out"))
    found = AwsEndpoints(connect(Wire(ok({}))), street).tried()
    assert {one.proxy for one in found} == {"proxy.example:3128"}
    assert "secret" not in repr(found)


def test_a_companys_certificates_are_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/etc/company.pem")
    street = Street()
    AwsEndpoints(connect(Wire(ok({}))), street).tried()
    assert {verify for _, _, verify in street.knocked} == {"/etc/company.pem"}
