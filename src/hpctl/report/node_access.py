"""What opening ways to nodes answers: forwarded ports, and entries for ssh."""

from __future__ import annotations

from typing import Literal

from hpctl.report.base import Part, Report


class PortForward(Part):
    """A port of this machine, and where connections to it are made from the node: `host` is null for the node."""

    address: str
    local_port: int
    remote_port: int
    host: str | None = None


class PortForwardListReport(Report):
    """Ports that are forwarded from now on."""

    kind: Literal["PortForwardList"] = "PortForwardList"
    cluster: str
    node: str
    forwards: tuple[PortForward, ...]

    def names(self) -> tuple[str, ...]:
        """Return the ports of this machine."""
        return tuple(str(one.local_port) for one in self.forwards)


class SshHost(Part):
    """One entry of an ssh configuration: `aliases` are what ssh takes, the first of them the shortest."""

    aliases: tuple[str, ...]
    node: str
    instance_group: str


class SshConfigReport(Report):
    """Entries for ssh: `text` is the configuration, `file` where it was written to, null for nowhere.

    `include` is the line that lets ssh find it, and `keys_on` names the nodes on which the key was installed.
    """

    kind: Literal["SshConfig"] = "SshConfig"
    cluster: str
    user: str
    hosts: tuple[SshHost, ...]
    text: str
    file: str | None = None
    include: str | None = None
    keys_on: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the first alias of each node."""
        return tuple(host.aliases[0] for host in self.hosts)
