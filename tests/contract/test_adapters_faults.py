"""What a real socket can do to a call: each ends in time, in hpctl's words."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from hpctl import timeouts
from hpctl.adapters.aws import models
from hpctl.adapters.aws.clusters import AwsClusters
from hpctl.adapters.aws.session import AwsSession
from hpctl.adapters.aws.storage import AwsStorage
from hpctl.errors import HpctlError, UnavailableError

Behaviour = Callable[[socket.socket], None]
Serve = Callable[[Behaviour], "Server"]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nConnection: close\r\n"


class Server:
    """Listens on loopback and does one and the same thing to every connection."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.connections = 0
        self.released = Event()
        self._behaviour = behaviour
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self.released.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.connections += 1
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            self._behaviour(connection)

    def close(self) -> None:
        self.released.set()
        self._thread.join()
        self._socket.close()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Make servers and point AWS at the last one."""
    servers: list[Server] = []

    def start(behaviour: Behaviour) -> Server:
        server = Server(behaviour)
        servers.append(server)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        return server

    yield start
    for server in servers:
        server.close()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIADUMMY00000000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "dummy")
    monkeypatch.setattr(timeouts, "CONNECT_S", 0.3)
    monkeypatch.setattr(timeouts, "READ_S", 0.3)
    monkeypatch.setattr(timeouts, "ATTEMPTS", 3)


def failure() -> HpctlError:
    clusters = AwsClusters(AwsSession(profile=None, region="eu-west-1"))
    with pytest.raises(HpctlError) as caught:
        clusters.describe("train")
    return caught.value


def test_a_server_that_never_answers_ends_within_the_limits(serve: Serve) -> None:
    held = Event()

    def silent(connection: socket.socket) -> None:
        held.wait(10)

    server = serve(silent)
    began = time.monotonic()
    caught = failure()
    elapsed = time.monotonic() - began
    held.set()
    assert isinstance(caught, UnavailableError)
    assert caught.message == f"`sagemaker:DescribeCluster` for `train` got no answer in time from `{server.url}`"
    assert server.connections == timeouts.ATTEMPTS
    assert timeouts.ATTEMPTS * timeouts.READ_S <= elapsed < timeouts.ATTEMPTS * timeouts.READ_S + 3


def test_a_connection_that_is_dropped_is_told_after_all_tries(serve: Serve) -> None:
    server = serve(lambda connection: None)
    caught = failure()
    assert isinstance(caught, UnavailableError)
    assert caught.message == f"`sagemaker:DescribeCluster` for `train` lost the connection to `{server.url}`"
    assert server.connections == timeouts.ATTEMPTS


@pytest.mark.parametrize("half", [b'{"Tags": [{"Key": "a"', b"{}", b""])
def test_an_answer_cut_short_is_no_empty_answer(half: bytes, serve: Serve) -> None:
    server = serve(lambda connection: connection.sendall(HEAD + b"Content-Length: 500\r\n\r\n" + half))
    with pytest.raises(UnavailableError) as caught:
        AwsClusters(AwsSession(profile=None, region="eu-west-1")).tags("arn")
    assert caught.value.message == (
        f"`sagemaker:ListTags` for `arn` got an answer that cannot be read from `{server.url}`"
    )


@pytest.mark.parametrize(("stalls", "words"), [(False, "lost the connection to"), (True, "got no answer in time from")])
def test_a_script_cut_short_is_no_script(stalls: bool, words: str, serve: Serve) -> None:
    held = Event()

    def half(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Length: 500\r\n\r\n#!/bin/bash")
        if stalls:
            held.wait(10)

    server = serve(half)
    with pytest.raises(UnavailableError) as caught:
        AwsStorage(AwsSession(profile=None, region="eu-west-1")).read("b-one", "on_create.sh")
    held.set()
    assert caught.value.message == f"`s3:GetObject` for `on_create.sh` {words} `{server.url}`"


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b"\xff\xfe\x00", b"{}", b"[1, 2]", b'"text"', b"null"])
def test_an_answer_that_is_not_aws_s_is_no_bug(body: bytes, serve: Serve) -> None:
    serve(lambda connection: connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body))
    caught = failure()
    assert isinstance(caught, UnavailableError), caught
    assert "`sagemaker:DescribeCluster`" in caught.message


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b"[]", b"null", b'{"Events": 5}'])
def test_an_answer_that_is_not_aws_s_is_not_taken_for_an_empty_list(body: bytes, serve: Serve) -> None:
    serve(lambda connection: connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body))
    clusters = AwsClusters(AwsSession(profile=None, region="eu-west-1"))
    with pytest.raises(UnavailableError, match="`sagemaker:ListClusterEvents` for `train` got an answer that cannot"):
        list(clusters.events("train"))


@pytest.mark.parametrize("body", [b"null", b"[]", b"<html>", b"\xff\xfe", b""])
def test_a_refusal_that_is_not_aws_s_is_no_bug(body: bytes, serve: Serve) -> None:
    head = HEAD.replace(b"200 OK", b"502 Bad Gateway")
    serve(lambda connection: connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body))
    assert isinstance(failure(), UnavailableError)


def test_an_answer_that_is_no_http_is_no_bug(serve: Serve) -> None:
    serve(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n"))
    assert isinstance(failure(), UnavailableError)


def test_nobody_listening_is_told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as vacated:
        url = f"http://127.0.0.1:{vacated.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    began = time.monotonic()
    caught = failure()
    assert time.monotonic() - began < 3
    assert isinstance(caught, UnavailableError)
    assert caught.message == f"`sagemaker:DescribeCluster` for `train` could not connect to `{url}`"
    assert caught.hint is not None
    assert "is that server up" in caught.hint


def test_processes_that_start_together_agree_on_one_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    program = (
        "from hpctl.adapters.aws.session import AwsSession\n"
        "client = AwsSession(profile=None, region='eu-west-1')._client('sagemaker')\n"
        "assert client.can_paginate('list_clusters')\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(4)]
    ends = [(process.communicate()[1], process.returncode) for process in running]
    assert ends == [(b"", 0)] * 4
    names = {path.name for path in models.cache_folder().iterdir()}
    assert names == {"endpoints.json", "sagemaker.json"}, "no draft stays behind"
