"""Ports, tunnels, entries for ssh and keys: what can be tried without a node."""

from __future__ import annotations

import shlex
from dataclasses import replace
from queue import SimpleQueue

import pytest

from hpctl.cli.commands.node.copy import split
from hpctl.errors import ClosedPipeError, HpctlError, RefusedError, UnavailableError, UsageError
from hpctl.facts.records import Live
from hpctl.facts.session_ports import Ran
from hpctl.services.node_conduit import Conduit
from hpctl.services.node_fan_out import Beside
from hpctl.services.node_forward import Way, ways_of
from hpctl.services.node_names import Chosen
from hpctl.services.node_ssh import Program, include_line, ssh_config
from hpctl.services.node_ssh_key import checked_key, install_key
from hpctl.services.node_tunnel import join
from hpctl.terms import SlurmNodeType
from tests.unit.builders import a_cluster, a_live_group, a_node
from tests.unit.fakes import FakeAccount

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbc+/= you@home"


@pytest.mark.parametrize(
    ("word", "way"),
    [
        ("80", Way(80, 80)),
        ("8080:80", Way(8080, 80)),
        ("0:80", Way(0, 80)),
        (":80", Way(0, 80)),
        ("65535", Way(65535, 65535)),
    ],
)
def test_ports_are_read(word: str, way: Way) -> None:
    assert ways_of([word]) == (way,)


@pytest.mark.parametrize("word", ["0", "65536", "70000:1", "x", "1:2:3", "80:", "", "-1"])
def test_what_is_no_port_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="is no port to forward"):
        ways_of([word])


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("i-1:/a:b", ("i-1", "/a:b")),
        (":/a", ("", "/a")),
        ("workers/0:", ("workers/0", ".")),
        ("./a:b", (None, "./a:b")),
        ("/a:b", (None, "/a:b")),
        ("a", (None, "a")),
    ],
)
def test_what_is_on_a_node_is_told_from_what_is_here(word: str, parts: tuple[str | None, str]) -> None:
    assert split(word) == parts


class End:
    """An end of a connection: it says what a test lets it say, and keeps what it is told; b"" is its end."""

    def __init__(self, *says: bytes | HpctlError) -> None:
        self.heard, self.is_over = b"", False
        self.says: SimpleQueue[bytes | HpctlError] = SimpleQueue()
        for one in says:
            self.says.put(one)

    def receive(self) -> bytes:
        said = self.says.get(timeout=10)
        if isinstance(said, HpctlError):
            raise said
        return said

    def send(self, data: bytes) -> None:
        self.heard += data

    def end(self) -> None:
        self.is_over = True


def test_a_tunnel_ends_when_the_far_end_does() -> None:
    near, far = End(b"ask"), End(b"an", b"swer", b"")
    join(near, far)
    assert (near.heard, near.is_over) == (b"answer", True)
    near.says.put(b"")


def test_when_here_all_is_said_the_answer_is_waited_for_and_silence_is_its_end() -> None:
    near, far = End(b"ask", b""), End(b"answer")
    join(near, far, quiet_s=0.05)
    assert (far.heard, far.is_over, near.heard) == (b"ask", True, b"answer")
    far.says.put(b"")


def test_a_tunnel_that_breaks_says_so() -> None:
    near = End()
    with pytest.raises(UnavailableError, match="nobody answers"):
        join(near, End(UnavailableError("nobody answers at that port")))
    near.says.put(b"")


def test_nobody_here_who_reads_ends_it() -> None:
    class Closed(End):
        def send(self, _data: bytes) -> None:
            raise ClosedPipeError("nobody reads")

    near = Closed()
    with pytest.raises(ClosedPipeError):
        join(near, End(b"x"))
    near.says.put(b"")


def test_a_conduit_passes_bytes_in_order_and_no_more_than_it_may_hold() -> None:
    passed: list[int] = []
    conduit, data = Conduit(passed.append), bytes(range(256)) * 20_000

    def write() -> None:
        for at in range(0, len(data), 999_999):
            conduit.write(data[at : at + 999_999])
        conduit.close()

    writing = Beside(write)
    assert b"".join(iter(lambda: conduit.read(70_000), b"")) == data
    assert (writing.outcome(), sum(passed)) == (None, len(data))
    conduit.stop()
    with pytest.raises(BrokenPipeError):
        conduit.write(b"x")


def a_slurm_cluster() -> Live:
    groups = (
        a_live_group("head", slurm_node_type=SlurmNodeType.CONTROLLER),
        a_live_group("login", slurm_node_type=SlurmNodeType.LOGIN),
        a_live_group("workers", slurm_node_type=SlurmNodeType.COMPUTE),
    )
    return Live(replace(a_cluster("InService", *groups), orchestrator="slurm"), {})


NODES = (
    a_node("i-3", instance_group="workers", private_dns_name="ip-10-0-0-3.ec2.internal"),
    a_node("i-2", instance_group="login"),
    a_node("i-1", instance_group="head"),
)
PROGRAM = Program(("/opt/my tools/hpctl",), {"--profile": "100% $(mine)"})


def test_each_node_has_an_entry_and_the_cluster_is_where_people_log_in() -> None:
    report = ssh_config(a_slurm_cluster(), NODES, None, PROGRAM, FakeAccount().storage)
    assert report.user == "ubuntu"
    assert [host.aliases for host in report.hosts] == [
        ("ml-cluster", "ml-cluster-login-0", "ml-cluster-i-2"),
        ("ml-cluster-head-0", "ml-cluster-i-1"),
        ("ml-cluster-workers-0", "ml-cluster-i-3", "ml-cluster-ip-10-0-0-3"),
    ]
    without_login = ssh_config(a_slurm_cluster(), (NODES[0], NODES[2]), None, PROGRAM, FakeAccount().storage)
    assert without_login.hosts[0].aliases[0] == "ml-cluster"


def test_the_proxy_is_run_with_exactly_the_flags_that_were_given() -> None:
    report = ssh_config(a_slurm_cluster(), NODES[:1], "me", PROGRAM, FakeAccount().storage)
    line = next(line for line in report.text.splitlines() if "ProxyCommand" in line)
    command = line.partition("ProxyCommand ")[2].replace("%p", "22").replace("%%", "%")
    assert shlex.split(command) == [
        *("/opt/my tools/hpctl", "node", "proxy", "i-3", "--cluster", "ml-cluster"),
        *("--profile", "100% $(mine)", "22"),
    ]
    assert "    HostKeyAlias i-3\n    User me\n" in report.text


def test_on_eks_no_node_goes_by_the_clusters_name() -> None:
    report = ssh_config(Live(a_cluster(), {}), NODES, None, PROGRAM, FakeAccount().storage)
    assert report.user == "ec2-user"
    assert all("ml-cluster" not in host.aliases for host in report.hosts)


@pytest.mark.parametrize("user", ["a b", "-oProxyCommand=x", "x\ny"])
def test_what_is_no_user_is_refused(user: str) -> None:
    with pytest.raises(UsageError, match="is no name of a user"):
        ssh_config(a_slurm_cluster(), NODES, user, PROGRAM, FakeAccount().storage)


def test_what_would_break_the_configuration_is_refused() -> None:
    evil = Program(("hpctl",), {"--profile": "a\nHost *"})
    with pytest.raises(UsageError, match="control characters"):
        ssh_config(a_slurm_cluster(), NODES, None, evil, FakeAccount().storage)
    assert include_line("/home/you/my nodes") == 'Include "/home/you/my nodes"'
    for path in ('/a"b', "/a*", "/a\nb"):
        with pytest.raises(UsageError, match="more than a name"):
            include_line(path)


@pytest.mark.parametrize(
    "text", ["", "hello", "ssh-rsa", f"{KEY}\n{KEY}", f'command="x" {KEY}', "-----BEGIN OPENSSH PRIVATE KEY-----"]
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        checked_key(text, "key")


def test_a_key_goes_to_every_node_as_data() -> None:
    account = FakeAccount()
    account.sessions.answers = {"hpctl": Ran(0, b"", b"")}
    assert install_key(Chosen(a_cluster(), NODES), "me", checked_key(f"{KEY}\n", "key"), account.sessions) == (
        "i-3",
        "i-2",
        "i-1",
    )
    for _, command, stdin in account.calls.of("sessions.run"):
        assert stdin == f"{KEY}\n".encode()
        assert KEY not in " ".join(str(word) for word in command)  # type: ignore[attr-defined]


def test_a_node_that_does_not_take_a_key_says_why() -> None:
    account = FakeAccount()
    account.sessions.answers = {"hpctl": Ran(1, b"", b"there is no user `me`\n")}
    with pytest.raises(RefusedError, match="node `i-3` does not take the key for `me`: there is no user `me`"):
        install_key(Chosen(a_cluster(), NODES), "me", KEY, account.sessions)
