"""Ports of nodes, and the real OpenSSH through `hpctl node proxy`."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from hpctl.errors import ExitCode
from tests.conftest import present
from tests.functional.cli.command import PATIENCE_S
from tests.functional.nodes.commands import OnNodes, started
from tests.functional.sandbox.running import until

PORT = 18_765
_SERVER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[2]))) as server:
    while True:
        connection, _ = server.accept()
        connection.sendall(open(sys.argv[1], "rb").read())
        connection.close()
"""


@pytest.fixture
def served(node: OnNodes) -> Iterator[str]:
    """A file at a port of a node, however often it is asked for; returns its text."""
    text, folder = uuid4().hex * 50_000, f"/tmp/{uuid4().hex}"
    server = ("setsid", "python3", "-c", _SERVER, folder, str(PORT))
    node(
        "exec",
        "-i",
        "workers/0",
        "--",
        "sh",
        "-c",
        'cat > "$0"; "$@" </dev/null >/dev/null 2>&1 &',
        folder,
        *server,
        stdin=text,
    )
    yield text
    node("exec", "workers/0", "--", "pkill", "-f", folder)


def test_a_port_of_a_node_is_a_port_here_until_ctrl_c(node: OnNodes, served: str) -> None:
    with started(node.hpctl, "node", "port-forward", "workers/0", f"0:{PORT}", "0:1") as process:
        assert process.stdout
        address = process.stdout.readline().split()[1]
        nobody = process.stdout.readline().split()[1]
        for _ in range(2):
            assert _read(address) == served.encode()
        assert _read(nobody) == b""
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert f"a connection to {min(node.workers)}:1 ended:" in err
    assert "Traceback" not in err


def test_a_host_beyond_the_node_is_reached_through_it(node: OnNodes) -> None:
    beyond = ("workers/0", "22", "--host", node.cluster.nodes("controller")[0]["PrivatePrimaryIp"])
    done = node.bytes("proxy", *beyond)
    assert done.stdout.startswith(b"SSH-2.0-")


def test_a_port_that_is_taken_here_is_a_conflict(node: OnNodes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = node("port-forward", "workers/0", f"{port}:80", ends=ExitCode.CONFLICT)
    assert f"error: port {port} of `127.0.0.1` is taken on this machine" in told.err


@pytest.fixture
def ssh(node: OnNodes, tmp_path: Path) -> list[str]:
    """The options that OpenSSH needs, with a key that nodes let in."""
    for program, package in (("ssh", "openssh-client"), ("rsync", "rsync")):
        present(Path(shutil.which(program) or f"/usr/bin/{program}"), program, f"apt-get install {package}")
    present(Path("/usr/sbin/sshd"), "sshd", "apt-get install openssh-server")
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"hpctl-test-{uuid4().hex}", "-f", tmp_path / "key"],
        check=True,
    )
    for _ in range(2):  # the second time, it is there already
        node("ssh-config", "--write", "nodes.conf", "--install-key", "key.pub")
    assert (tmp_path / "nodes.conf").stat().st_mode & 0o777 == 0o600
    known = f"UserKnownHostsFile={tmp_path / 'known_hosts'}"
    return ["-F", str(tmp_path / "nodes.conf"), "-i", str(tmp_path / "key"), "-o", known, "-o", "BatchMode=yes"]


def test_ssh_scp_rsync_and_forwarded_ports_go_through_hpctl(
    node: OnNodes, ssh: list[str], served: str, tmp_path: Path
) -> None:
    name, there = node.cluster.name, f"/tmp/{uuid4().hex}"
    comment = (tmp_path / "key.pub").read_text().split()[2]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, env=node.hpctl.env, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )

    told = run("ssh", *ssh, name, f"hostname; id -un; grep -c {comment} ~/.ssh/authorized_keys; exit 7")
    controller = node.cluster.nodes("controller")[0]["PrivatePrimaryIp"].replace(".", "-")
    assert (told.returncode, told.stdout) == (7, f"ip-{controller}\nubuntu\n1\n"), told.stderr
    data = bytes(range(256)) * 4000
    (tmp_path / "data").write_bytes(data)
    told = run("scp", *ssh, "data", f"{name}-workers-0:{there}")
    assert told.returncode == 0, told.stderr
    told = run("rsync", "-e", " ".join(["ssh", *ssh]), f"{name}-workers-0:{there}", "back")
    assert (told.returncode, (tmp_path / "back").read_bytes() == data) == (0, True), told.stderr
    with _forwarded(node, ssh) as port:
        assert _read(f"127.0.0.1:{port}") == served.encode()


@contextmanager
def _forwarded(node: OnNodes, ssh: list[str]) -> Iterator[int]:
    """Let ssh forward a port, and return it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["ssh", *ssh, "-N", "-L", f"127.0.0.1:{port}:127.0.0.1:{PORT}", f"{node.cluster.name}-workers-0"]
    process = subprocess.Popen(words, env=node.hpctl.env, cwd=node.hpctl.folder, stdin=subprocess.DEVNULL)
    try:
        until(lambda: _connects(port), bool)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _read(address: str) -> bytes:
    """Return all that comes from a port of this machine."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_a_private_key_stays_where_it_is(node: OnNodes, tmp_path: Path) -> None:
    (tmp_path / "id").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n")
    told = node("ssh-config", "--install-key", "id", ends=ExitCode.USAGE)
    assert told.err == "error: `id` is a private key, which stays where it is\n\nhint: name the public one: id.pub\n"
