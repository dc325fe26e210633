"""The noun `dev`: what its verbs share."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.options import invocation
from hpctl.errors import UsageError
from hpctl.facts.dev import DEFAULT_NAME

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.services.job.where import Where

app = typer.Typer(
    help="Development pods: start, enter, sync, stop and resume them.", no_args_is_help=True, rich_markup_mode=None
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="Development pod (else dev).")]
DEFAULT = DEFAULT_NAME


def place(ctx: typer.Context, cluster: str | None, namespace: str | None) -> tuple[Session, Where]:
    """Return a session and where development pods are: a namespace of a cluster on EKS.

    Raises `UsageError` for a cluster on Slurm, whose nodes people work on themselves.
    """
    from hpctl.services.job.where import where_on_eks

    session = wiring.session(invocation(ctx))
    name = session.cluster(cluster)
    with session.looking_at(f"cluster {name}"):
        found = session.ports.clusters.describe(name)
    if found.eks_cluster_arn is None:
        raise UsageError(
            f"cluster `{found.name}` is orchestrated by Slurm, which has no pods",
            hint=f"a shell on a node: hpctl node shell NODE --cluster {found.name}\n"
            f"ssh to nodes: hpctl node ssh-config --cluster {found.name}",
        )
    said = {"--profile": session.said.profile, "--region": session.said.region}
    way = "".join(f" {flag} {shlex.quote(value)}" for flag, value in said.items() if value)
    return session, replace(where_on_eks(found, namespace, session.ports), way=way)
