"""The adapter of Kubernetes against a server with TLS: what it trusts, what it asks, how it tells what went wrong."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from hpctl import timeouts
from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube import listing
from hpctl.adapters.kube.https import trusting
from hpctl.adapters.kube.listing import EksKubernetes
from hpctl.errors import AccessError, UnavailableError
from hpctl.sandbox.eks.certificate import authority
from tests.functional.kube.server import Server, a_cluster, page, serving, status


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    for name in ("AWS_PROFILE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAPLANTED000000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret-key")
    return AwsSession(profile=None, region="us-west-2")


@pytest.fixture
def kubernetes(session: AwsSession) -> EksKubernetes:
    return EksKubernetes(session)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "tls") as server:
        yield server


def test_daemon_sets_come_with_their_namespaces(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [page("kube-system/aws-node", "aws-hyperpod/agent")]
    assert kubernetes.daemon_sets(server.cluster) == (("kube-system", "aws-node"), ("aws-hyperpod", "agent"))
    ((path, headers),) = server.asked
    assert path == "/some/path/apis/apps/v1/daemonsets?limit=500"
    assert "as=PartialObjectMetadataList" in headers["accept"]


def test_pages_are_followed_to_the_last(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [page("a.x", following="to b/+="), page("b.x", following="c"), page("c.x")]
    assert kubernetes.custom_resources(server.cluster) == {"a.x", "b.x", "c.x"}
    asked = [dict(parse_qsl(urlsplit(path).query)) for path, _headers in server.asked]
    assert asked == [{"limit": "500"}, {"limit": "500", "continue": "to b/+="}, {"limit": "500", "continue": "c"}]


def test_pages_that_go_round_come_to_an_end(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [page("a", following="again")]
    with pytest.raises(UnavailableError, match="cannot be read"):
        kubernetes.custom_resources(server.cluster)
    assert len(server.asked) == 2


def test_the_token_is_a_presigned_question_to_sts_for_this_cluster(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [page()]
    kubernetes.daemon_sets(server.cluster)
    scheme, _, token = server.asked[0][1]["authorization"].partition(" ")
    assert (scheme, token[:11]) == ("Bearer", "k8s-aws-v1.")
    assert "=" not in token
    text = token.removeprefix("k8s-aws-v1.")
    url = urlsplit(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    query = dict(parse_qsl(url.query))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://sts.us-west-2.amazonaws.com/"
    assert (query["Action"], query["X-Amz-Expires"]) == ("GetCallerIdentity", "60")
    assert query["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
    assert "planted-secret-key" not in str(server.asked)


def test_another_authority_is_not_trusted(kubernetes: EksKubernetes, server: Server, tmp_path: Path) -> None:
    server.answers = [page()]
    other = a_cluster(server.cluster.endpoint, authority(tmp_path / "other"))
    with pytest.raises(UnavailableError, match=r"is not vouched for by the EKS cluster's certificate authority"):
        kubernetes.daemon_sets(other)
    assert server.asked == []


def test_a_host_that_the_certificate_does_not_name_is_not_trusted(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [page()]
    elsewhere = replace(server.cluster, endpoint=str(server.cluster.endpoint).replace("127.0.0.1", "127.0.0.2"))
    with pytest.raises(UnavailableError):
        kubernetes.daemon_sets(elsewhere)
    assert server.asked == []


def test_the_names_of_hosts_are_verified(tmp_path: Path) -> None:
    pem = authority(tmp_path / "tls")
    context = trusting(base64.b64encode(pem.encode()).decode())
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize("data", ["", "!", base64.b64encode(b"no certificate").decode(), "4oKs"])
def test_an_authority_that_is_none_is_no_crash(kubernetes: EksKubernetes, server: Server, data: str) -> None:
    with pytest.raises(UnavailableError):
        kubernetes.daemon_sets(replace(server.cluster, certificate_authority=data))


@pytest.mark.parametrize("endpoint", [None, "", "http://127.0.0.1:1"])
def test_no_token_goes_to_what_is_no_https_endpoint(
    kubernetes: EksKubernetes, server: Server, endpoint: str | None
) -> None:
    with pytest.raises(UnavailableError, match=r"has no Kubernetes endpoint yet|is no HTTPS address"):
        kubernetes.daemon_sets(replace(server.cluster, endpoint=endpoint))


def test_no_redirect_is_followed(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers, server.location = [(302, b"")], str(server.cluster.endpoint)
    with pytest.raises(UnavailableError, match="Kubernetes answered 302"):
        kubernetes.daemon_sets(server.cluster)
    assert len(server.asked) == 1


def test_an_expired_token_is_a_matter_of_access(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [status(401, "Unauthorized")]
    with pytest.raises(AccessError) as caught:
        kubernetes.daemon_sets(server.cluster)
    assert caught.value.message == (
        "Kubernetes did not accept the credentials for `daemonsets.apps` of EKS cluster `training`"
    )
    assert "aws eks create-access-entry --region us-west-2 --cluster-name training" in str(caught.value.hint)


def test_what_is_forbidden_is_told_in_the_words_of_kubernetes(kubernetes: EksKubernetes, server: Server) -> None:
    words = 'customresourcedefinitions.apiextensions.k8s.io is forbidden: User "me" cannot list it'
    server.answers = [status(403, words)]
    with pytest.raises(AccessError) as caught:
        kubernetes.custom_resources(server.cluster)
    assert caught.value.message.endswith(f"of EKS cluster `training`: {words}")
    assert "AmazonEKSAdminViewPolicy --access-scope type=cluster" in str(caught.value.hint)
    assert caught.value.action is None


def test_an_api_group_that_is_not_there_has_no_objects(kubernetes: EksKubernetes, server: Server) -> None:
    server.answers = [status(404, "the server could not find the requested resource")]
    assert kubernetes.daemon_sets(server.cluster) == ()
    assert kubernetes.custom_resources(server.cluster) == frozenset()


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"metadata": {}, "items": 7}', b'{"metadata": 1, "items": [{}]}']
)
def test_an_answer_of_somebody_else_is_never_an_empty_list(
    kubernetes: EksKubernetes, server: Server, body: bytes
) -> None:
    server.answers = [(200, body)]
    with pytest.raises(UnavailableError, match="cannot be read"):
        kubernetes.daemon_sets(server.cluster)


@pytest.mark.parametrize("code", [410, 429, 500, 503])
def test_trouble_of_the_server_is_told_with_its_number(kubernetes: EksKubernetes, server: Server, code: int) -> None:
    server.answers = [page("a", following="b"), status(code, "sorry.")]
    with pytest.raises(UnavailableError, match=f"Kubernetes answered {code} for .*: sorry$"):
        kubernetes.daemon_sets(server.cluster)


def test_nobody_there_is_unavailable_and_says_where_to_look(kubernetes: EksKubernetes, server: Server) -> None:
    gone = replace(server.cluster, endpoint="https://127.0.0.1:9")
    with pytest.raises(UnavailableError, match=r"could not reach Kubernetes for `daemonsets\.apps`") as caught:
        kubernetes.daemon_sets(gone)
    assert "a private endpoint is reached from inside the VPC alone" in str(caught.value.hint)


def test_a_server_that_is_silent_is_waited_for_no_longer_than_the_limit(
    kubernetes: EksKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr(timeouts, "CONNECT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        cluster = a_cluster(f"https://127.0.0.1:{mute.getsockname()[1]}", _some_authority())
        with pytest.raises(UnavailableError, match="could not reach Kubernetes"):
            kubernetes.daemon_sets(cluster)


def test_without_credentials_there_is_no_token(
    session: AwsSession, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(AccessError, match="no valid credentials"):
        EksKubernetes(AwsSession(profile=None, region="us-west-2")).daemon_sets(server.cluster)
    assert server.asked == []


def test_a_page_is_as_long_as_that_of_kubectl() -> None:
    assert listing.PAGE_SIZE == 500


def _some_authority() -> str:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        return authority(Path(directory) / "tls")
