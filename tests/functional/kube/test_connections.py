"""Connections to the API: kept for the next question, through a proxy where one is set, and trusted by nobody else."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.connection import Idle, dial, proxy_for
from hpctl.adapters.kube.jobs import EksJobs
from hpctl.adapters.kube.streams import EksPodStreams
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.jobs import CONFIG_MAP
from hpctl.sandbox.eks.certificate import authority
from tests.functional.kube.server import Server, a_cluster, serving, status, told
from tests.functional.kube.test_jobs import Clock

BODY = {"metadata": {"name": "one"}}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAPLANTED000000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret-key")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "tls") as server:
        server.answers = [told(metadata=BODY["metadata"])]
        yield server


@pytest.fixture
def api() -> Api:
    return Api(AwsSession(profile=None, region="us-west-2"), Clock())


class Proxy:
    """Carries each connection to where its CONNECT says."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                self.connect(self.listener.accept()[0])

    def connect(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        self.asked.append(head)
        host, _, port = head.split()[1].decode().rpartition(":")
        target = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        for one, other in ((client, target), (target, client)):
            Thread(target=carry, args=(one, other), daemon=True).start()


def carry(one: socket.socket, other: socket.socket) -> None:
    with one, suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


@contextmanager
def a_proxy() -> Iterator[tuple[int, list[bytes]]]:
    """Run a proxy; yields its port, and what it was asked."""
    proxy = Proxy()
    thread = Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy.port, proxy.asked
    finally:
        proxy.listener.shutdown(socket.SHUT_RDWR)
        proxy.listener.close()
        thread.join()


def test_requests_go_through_the_proxy_of_the_environment(
    api: Api, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_proxy() as (port, asked):
        monkeypatch.setenv("https_proxy", f"http://me:pa%73s@127.0.0.1:{port}")
        assert EksJobs(api).read(server.cluster, CONFIG_MAP, "team", "one") == BODY
    address = (server.cluster.endpoint or "").removeprefix("https://").partition("/")[0]
    (head,) = asked
    assert head.startswith(f"CONNECT {address} HTTP/1.".encode())
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"me:pass") in head
    assert b"Bearer" not in head


def test_a_host_that_the_environment_excepts_is_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example.com:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1,.eks.amazonaws.com")
    assert proxy_for("abc.eks.amazonaws.com") is None
    found = proxy_for("elsewhere.example.com")
    assert found is not None
    assert (found.hostname, found.port) == ("proxy.example.com", 3128)


def test_a_stranger_at_the_address_gets_no_token(api: Api, server: Server, tmp_path: Path) -> None:
    stranger = a_cluster(server.cluster.endpoint, authority(tmp_path / "other"))
    with pytest.raises(UnavailableError, match="is not vouched for by the EKS cluster's certificate authority"):
        EksJobs(api).read(stranger, CONFIG_MAP, "team", "one")
    with (
        pytest.raises(UnavailableError, match="is not vouched for"),
        EksPodStreams(api).log(stranger, "team", "pod", "main"),
    ):
        pass
    assert server.asked == []


def test_a_cluster_without_an_endpoint_is_not_asked(api: Api) -> None:
    with pytest.raises(UnavailableError, match="has no Kubernetes endpoint yet"):
        EksJobs(api).read(a_cluster(None, None), CONFIG_MAP, "team", "one")
    with pytest.raises(UnavailableError, match="is no HTTPS address"):
        EksJobs(api).read(a_cluster("http://127.0.0.1:1", "pem"), CONFIG_MAP, "team", "one")


def test_a_log_that_is_refused_is_told_in_kubernetes_words(api: Api, server: Server) -> None:
    server.answers = [status(404, 'pods "pod" not found')]
    with (
        pytest.raises(NotFoundError, match=r'Kubernetes has no `pods/log` `pod` in namespace `team`.*pods "pod" not'),
        EksPodStreams(api).log(server.cluster, "team", "pod", "main"),
    ):
        pass


def test_a_log_is_asked_for_with_what_was_wished(api: Api, server: Server) -> None:
    streams, now_ns = EksPodStreams(api), int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()) * 10**9
    server.answers = [(200, b"2026-03-01T12:00:00.000000001Z x\n")]
    with streams.log(server.cluster, "team", "pod", "main", follow=True, since_ns=now_ns + 999_999_999) as log:
        assert (log.read(), log.read()) == (b"2026-03-01T12:00:00.000000001Z x\n", b"")
    with streams.log(server.cluster, "team", "pod", "main", previous=True, tail=0):
        pass
    base = "/some/path/api/v1/namespaces/team/pods/pod/log?container=main&timestamps=true"
    assert [path for path, _ in server.asked] == [
        f"{base}&follow=true&sinceTime=2026-03-01T12%3A00%3A00Z",
        f"{base}&previous=true&tailLines=0",
    ]


def test_a_connection_is_kept_for_a_while_and_no_longer(server: Server) -> None:
    idle, connection = Idle(keep_s=20), dial(server.cluster, answer_s=5)
    idle.give("here", connection, now=100)
    assert idle.take("there", now=101) is None
    assert idle.take("here", now=119) is connection
    assert idle.take("here", now=119) is None
    idle.give("here", connection, now=120)
    assert idle.take("here", now=141) is None
    assert connection.sock is None


def test_what_waits_is_closed_with_the_way(server: Server) -> None:
    idle, connection = Idle(keep_s=20), dial(server.cluster, answer_s=5)
    idle.give("here", connection, now=100)
    idle.close()
    assert connection.sock is None
