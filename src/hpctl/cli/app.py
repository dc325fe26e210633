"""The command tree. Command modules import typer and the standard library only; work is imported when it is done."""

from __future__ import annotations

from typing import Annotated

import typer

import hpctl
from hpctl.cli.commands import check_model, cluster, doctor, eks_token, instances, job, node, quickstart, sandbox
from hpctl.cli.options import ProfileOption, RegionOption, VerboseOption
from hpctl.render.terminal import Terminal, write

app = typer.Typer(
    name="hpctl",
    help="Amazon SageMaker HyperPod clusters, from a spec file to nodes in service.",
    epilog="No AWS account? `hpctl quickstart` shows everything in an embedded sandbox.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cluster.app, name="cluster")
app.add_typer(node.app, name="node")
app.add_typer(job.app, name="job")
app.add_typer(instances.app, name="instances")
app.add_typer(sandbox.app, name="sandbox")
app.command("check-model")(check_model.check_model)
app.command("doctor")(doctor.doctor)
app.command("eks-token")(eks_token.eks_token)
app.command("quickstart")(quickstart.quickstart)


def _version(value: bool) -> None:  # noqa: FBT001  Typer's callback signature
    if value:
        write(Terminal.current().stdout, f"hpctl {hpctl.__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Amazon SageMaker HyperPod clusters, from a spec file to nodes in service."""
