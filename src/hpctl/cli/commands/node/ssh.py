"""`hpctl node ssh-config`: let ssh, scp, rsync and IDEs reach nodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring, wiring_local
from hpctl.cli.commands.node.group import app
from hpctl.cli.options import (
    ClusterOption,
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    VerboseOption,
    invocation,
)
from hpctl.render.output import Output

if TYPE_CHECKING:
    from hpctl.report.node_access import SshConfigReport


@app.command("ssh-config")
def ssh_config(
    ctx: typer.Context,
    write: Annotated[
        str | None, typer.Option("--write", metavar="FILE", help="Write it to a file; - is standard output.")
    ] = None,
    install_key: Annotated[
        str | None,
        typer.Option("--install-key", metavar="FILE", help="Let this public key in on every node, for the user."),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="User on the nodes (else ubuntu, on EKS ec2-user).")
    ] = None,
    cluster: ClusterOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Tell ssh how to reach the nodes of a cluster.

    It goes through hpctl, and so through Session Manager. Your own ~/.ssh/config is not touched: one line in it
    includes the file. On Slurm, the cluster's name is the node that people log in to.
    """
    from hpctl.services.node_names import Chosen
    from hpctl.services.node_ssh import ssh_config as entries
    from hpctl.services.node_ssh_key import checked_key
    from hpctl.services.node_ssh_key import install_key as install

    session = wiring.session(invocation(ctx))
    key = checked_key(wiring.local_files().read(install_key), install_key) if install_key else None
    name = session.cluster(cluster)
    live, nodes = session.ports.clusters.live(name), tuple(session.ports.clusters.nodes(name))
    report = entries(live, nodes, user, wiring.program_for_ssh(session), session.ports.storage)
    if write not in (None, "-"):
        report = _written(report, Path(str(write)).expanduser().absolute())
    if key:
        keys_on = install(Chosen(live.cluster, nodes), report.user, key, session.ports.sessions)
        report = report.model_copy(update={"keys_on": keys_on})
    session.show(report)


def _written(report: SshConfigReport, file: Path) -> SshConfigReport:
    from hpctl.services.node_ssh import include_line

    include = include_line(str(file))
    wiring_local.write_ssh_config(file, report.text)
    return report.model_copy(update={"file": str(file), "include": include})
