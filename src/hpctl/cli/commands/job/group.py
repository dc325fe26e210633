"""The noun `job`: what its verbs share."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.options import invocation

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.facts.jobs import Job
    from hpctl.services.job.where import Where

app = typer.Typer(help="Submit, follow, explain and end jobs on EKS.", no_args_is_help=True, rich_markup_mode=None)

JobArgument = Annotated[
    str, typer.Argument(metavar="JOB", help="Job name, or kind/name where several kinds share a name.")
]
NamespaceOption = Annotated[
    str | None,
    typer.Option(
        "--namespace", "-n", envvar="HPCTL_NAMESPACE", metavar="NAME", help="Kubernetes namespace (else default)."
    ),
]


def place(ctx: typer.Context, cluster: str | None, namespace: str | None) -> tuple[Session, Where]:
    """Return a session and where the job is: the cluster that is named or the only one, and a namespace of it."""
    from hpctl.services.job.where import where

    session = wiring.session(invocation(ctx))
    at = where(session.cluster(cluster), namespace, session.ports)
    return session, replace(at, way=_way(session))


def _way(session: Session) -> str:
    """Return the flags of AWS as they were given: a command to paste has them too."""
    said = {"--profile": session.said.profile, "--region": session.said.region}
    return "".join(f" {flag} {shlex.quote(value)}" for flag, value in said.items() if value)


def found(ctx: typer.Context, job: str, cluster: str | None, namespace: str | None) -> tuple[Session, Where, Job]:
    """Return a session, the place, and the job of exactly this name there."""
    from hpctl.services.job.find import find

    session, at = place(ctx, cluster, namespace)
    return session, at, find(job, at, session.ports.jobs)
