"""The noun `job`: what its verbs share."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.completion import jobs, namespaces
from hpctl.cli.options import invocation
from hpctl.errors import UsageError

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from hpctl.cli.wiring import Session
    from hpctl.facts.jobs import Job
    from hpctl.facts.slurm_jobs import SlurmJob
    from hpctl.services.job.where import Where
    from hpctl.services.slurm_job.where import SlurmWhere

app = typer.Typer(
    help="Submit, follow, explain and end jobs, on EKS and Slurm.", no_args_is_help=True, rich_markup_mode=None
)

JobArgument = Annotated[
    str,
    typer.Argument(
        metavar="JOB",
        autocompletion=jobs,
        help="Job name; on EKS kind/name, on Slurm its number where names are shared.",
    ),
]
NamespaceOption = Annotated[
    str | None,
    typer.Option(
        "--namespace",
        "-n",
        envvar="HPCTL_NAMESPACE",
        metavar="NAME",
        autocompletion=namespaces,
        help="Kubernetes namespace (else default).",
    ),
]
UserOption = Annotated[
    str | None, typer.Option("--user", metavar="NAME", help="Slurm: the user whose job it is (else ubuntu).")
]
SharedDirOption = Annotated[
    str | None,
    typer.Option("--shared-dir", metavar="FOLDER", help="Slurm: what all nodes share (else /fsx and the user)."),
]


def place(ctx: typer.Context, cluster: str | None, namespace: str | None) -> tuple[Session, Where | SlurmWhere]:
    """Return a session and where the job is: the cluster that is named or the only one, and the place in it.

    That is a namespace on EKS; on Slurm `--user` and `--shared-dir` of `ctx` say it.
    """
    from hpctl.services.job.where import where_on_eks
    from hpctl.services.slurm_job.where import where_on_slurm

    session = wiring.session(invocation(ctx))
    name = session.cluster(cluster)
    with session.looking_at(f"cluster {name}"):
        found = session.ports.clusters.describe(name)
    user, shared = ctx.params.get("user"), ctx.params.get("shared_dir")
    if found.eks_cluster_arn is None:
        _refuse(ctx, ("namespace", "all_namespaces"), f"cluster `{found.name}` is orchestrated by Slurm")
        with session.looking_at(f"Slurm on cluster {found.name}"):
            return session, replace(where_on_slurm(found, user, shared, session.ports), way=_way(session))
    _refuse(ctx, ("user", "shared_dir"), f"cluster `{found.name}` is orchestrated by Amazon EKS")
    with session.looking_at(f"Kubernetes of cluster {found.name}"):
        return session, replace(where_on_eks(found, namespace, session.ports), way=_way(session))


def _refuse(ctx: typer.Context, names: tuple[str, ...], why: str) -> None:
    """Raise `UsageError` for what was typed and does not go with the cluster; the environment may say it for others."""
    for name in names:
        source = ctx.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE" and ctx.params.get(name):
            flag = _FLAGS[name]
            raise UsageError(f"`{flag}` does not go with jobs there: {why}", hint=f"leave `{flag}` out")


_FLAGS = {
    "namespace": "--namespace",
    "all_namespaces": "--all-namespaces",
    "user": "--user",
    "shared_dir": "--shared-dir",
}


def _way(session: Session) -> str:
    """Return the flags of AWS as they were given: a command to paste has them too."""
    said = {"--profile": session.said.profile, "--region": session.said.region}
    return "".join(f" {flag} {shlex.quote(value)}" for flag, value in said.items() if value)


def found_on_eks(session: Session, at: Where, job: str) -> Job:
    """Return the job of exactly this name in a namespace."""
    from hpctl.services.job.find import find

    return find(job, at, session.ports.jobs)


def found_on_slurm(session: Session, at: SlurmWhere, job: str) -> SlurmJob:
    """Return the job of this number, or of exactly this name, of a user."""
    from hpctl.services.slurm_job.find import find

    return find(job, at, session.ports.slurm_jobs)


def on_slurm(at: Where | SlurmWhere) -> TypeIs[SlurmWhere]:
    """Whether Slurm orchestrates there."""
    from hpctl.services.slurm_job.where import SlurmWhere

    return isinstance(at, SlurmWhere)
