"""Let ssh, and whatever uses it, reach nodes: entries whose connections go through hpctl."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hpctl.errors import UsageError
from hpctl.facts.ports import Storage
from hpctl.facts.records import Live, Node
from hpctl.facts.slurm_controller import controller_groups
from hpctl.report.node_access import SshConfigReport, SshHost
from hpctl.terms import Orchestrator, SlurmNodeType

_USERS: Final = {Orchestrator.SLURM: "ubuntu", Orchestrator.EKS: "ec2-user"}
"""Who HyperPod's images have beside root: Ubuntu's user with Slurm, Amazon Linux's with EKS."""

_NAME: Final = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")
_RUNNING: Final = "Running"


@dataclass(frozen=True, slots=True)
class Program:
    """How hpctl is run by ssh: its command, and the flags of AWS as they were given.

    `known_hosts` is the file of hosts' keys, which is not the person's own; empty leaves that to ssh.
    """

    command: tuple[str, ...]
    flags: Mapping[str, str]
    known_hosts: str = ""


def ssh_config(
    live: Live, nodes: tuple[Node, ...], user: str | None, program: Program, storage: Storage
) -> SshConfigReport:
    """Return an entry for each node; on Slurm, the one people log in to goes by the cluster's name, too.

    Raises `UsageError` for a user or flags that cannot stand in a configuration.
    """
    cluster = live.cluster.name
    who = _checked_user(user or _USERS[Orchestrator(live.cluster.orchestrator)])
    front = _front_node(live, nodes, storage)
    in_order = sorted(nodes, key=lambda node: (node is not front, node.instance_group, node.node_id))
    hosts = tuple(_host(cluster, node, nodes, front) for node in in_order)
    text = "\n".join((_HEAD.format(cluster=cluster), *(_entry(host, who, cluster, program) for host in hosts)))
    return SshConfigReport(cluster=cluster, user=who, hosts=hosts, text=text)


_HEAD: Final = """\
# Nodes of HyperPod cluster {cluster}, by `hpctl node ssh-config`: write it again when nodes have been replaced.
"""


def include_line(file: str) -> str:
    """Return the line for ~/.ssh/config; `UsageError` for a path that cannot stand in one."""
    if _UNPRINTABLE.search(file) or any(char in file for char in '"*?['):
        raise UsageError(f"`{file}` has characters that ssh takes for more than a name", hint="name another file")
    return f'Include "{file}"' if " " in file else f"Include {file}"


def _checked_user(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"`{name}` is no name of a user", hint="--user ubuntu")
    return name


def _host(cluster: str, node: Node, nodes: tuple[Node, ...], front: Node | None) -> SshHost:
    group = sorted(one.node_id for one in nodes if one.instance_group == node.instance_group)
    names = [f"{cluster}-{node.instance_group}-{group.index(node.node_id)}", f"{cluster}-{node.node_id}"]
    if node.private_dns_name:
        names.append(f"{cluster}-{node.private_dns_name.partition('.')[0]}")
    return SshHost(
        aliases=tuple([cluster, *names] if node is front else names),
        node=node.node_id,
        instance_group=node.instance_group,
    )


def _front_node(live: Live, nodes: tuple[Node, ...], storage: Storage) -> Node | None:
    """Return the node that people log in to: a login node, else the controller; None on EKS."""
    if live.cluster.orchestrator != Orchestrator.SLURM:
        return None
    login = {one.name for one in live.cluster.instance_groups if one.slurm_node_type == SlurmNodeType.LOGIN}
    for groups in (login, controller_groups(live, storage)):
        there = sorted((node for node in nodes if node.instance_group in groups), key=_running_first)
        if there:
            return there[0]
    return None


def _running_first(node: Node) -> tuple[bool, str]:
    return node.status != _RUNNING, node.node_id


def _entry(host: SshHost, user: str, cluster: str, program: Program) -> str:
    return "".join(f"{line}\n" for line in _lines(host, user, cluster, program))


def _lines(host: SshHost, user: str, cluster: str, program: Program) -> Iterator[str]:
    """Yield an entry: keys of hosts are known by instance id, so that a node's replacement is a host of its own."""
    yield f"Host {' '.join(host.aliases)}"
    yield f"    HostName {host.node}"
    yield f"    HostKeyAlias {host.node}"
    yield f"    User {user}"
    yield f"    ProxyCommand {_proxy(host.node, cluster, program)}"
    yield "    StrictHostKeyChecking accept-new"
    if program.known_hosts:
        yield f'    UserKnownHostsFile "{program.known_hosts}"'
    yield "    ServerAliveInterval 60"


def _proxy(node: str, cluster: str, program: Program) -> str:
    return f"{proxy_command(('node', 'proxy', node, '--cluster', cluster), program)} %p"


def proxy_command(words: tuple[str, ...], program: Program) -> str:
    """Return the command line of a verb, which ssh gives to a shell once it has replaced its own `%` words in it.

    Raises `UsageError` for what cannot stand in a configuration.
    """
    flags = [word for flag, value in program.flags.items() for word in (flag, value)]
    line = shlex.join([*program.command, *words, *flags])
    if _UNPRINTABLE.search(line):
        raise UsageError("a profile or a path with control characters cannot stand in an ssh configuration")
    return line.replace("%", "%%")
