"""Ways to nodes: forwarded ports, and entries for ssh."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.render.page import Aside, Piece, Prose, Verbatim
from hpctl.render.words import counted
from hpctl.report.node_access import PortForwardListReport, SshConfigReport


def port_forward_list(report: PortForwardListReport) -> Iterator[Piece]:
    """Yield what is forwarded from now on."""
    for one in report.forwards:
        where = f"port {one.remote_port} of {one.host or report.node}"
        yield Prose(f"forwarding {one.address}:{one.local_port} to {where}")
    yield Aside("Ctrl-C ends it")


def ssh_config(report: SshConfigReport) -> Iterator[Piece]:
    """Yield the configuration, or where it is and the line that lets ssh find it."""
    if report.keys_on:
        yield Aside(f"the key lets `{report.user}` in on {len(report.keys_on)} of {len(report.hosts)} nodes")
    if report.file is None:
        yield Verbatim(report.text.rstrip("\n"))
        return
    yield Prose(f"`{report.file}` has {counted(len(report.hosts), 'node')} of cluster `{report.cluster}`")
    yield Prose("for ssh to find them, this is to be the first line of ~/.ssh/config:")
    yield Verbatim(f"{report.include}", indent=2)
    yield Prose("then, for example:")
    yield Verbatim(f"ssh {report.hosts[0].aliases[0]}" if report.hosts else "ssh -h", indent=2)
