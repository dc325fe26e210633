"""`hpctl init`: from nothing to a cluster spec, by questions or by flags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.options import (
    OutputOption,
    ProfileOption,
    QueryOption,
    RegionOption,
    SkipOption,
    VerboseOption,
    invocation,
)
from hpctl.render.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from hpctl.cli.wiring import Session
    from hpctl.facts.world import World
    from hpctl.services.wizard.cluster import Sights
    from hpctl.services.wizard.question import Answers

Text = str | None
ResumeOption = Annotated[
    bool | None,
    typer.Option("--resume/--no-resume", help="Go on with the answers of last time, or begin anew (else it is asked)."),
]
NoQuestionsOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Ask nothing: what flags leave open is taken as it usually is.")
]


def init(
    ctx: typer.Context,
    region: RegionOption = None,
    orchestrator: Annotated[Text, typer.Option(metavar="eks|slurm", help="Who schedules the work.")] = None,
    name: Annotated[Text, typer.Option(metavar="NAME", help="Name of the cluster (else hyperpod).")] = None,
    eks_cluster: Annotated[Text, typer.Option(metavar="NAME", help="EKS cluster that the nodes join.")] = None,
    instance_type: Annotated[Text, typer.Option("--instance-type", "-t", metavar="TYPE", help="Type of nodes.")] = None,
    count: Annotated[Text, typer.Option(metavar="N", help="Nodes of that type (else 1).")] = None,
    controller_type: Annotated[Text, typer.Option(metavar="TYPE", help="Type of Slurm's controller.")] = None,
    vpc: Annotated[Text, typer.Option(metavar="ID", help="VPC in which subnets are looked for, on Slurm.")] = None,
    subnet: Annotated[list[str] | None, typer.Option(metavar="ID", help="Private subnet; again for more.")] = None,
    security_group: Annotated[list[str] | None, typer.Option(metavar="ID", help="Of nodes; again for more.")] = None,
    execution_role: Annotated[Text, typer.Option(metavar="ARN", help="Role that nodes assume.")] = None,
    scripts: Annotated[Text, typer.Option(metavar="S3_URI", help="Folder of lifecycle scripts, or none.")] = None,
    on_create: Annotated[Text, typer.Option(metavar="NAME", help="Script that runs (else on_create.sh).")] = None,
    volume_gb: Annotated[Text, typer.Option(metavar="N", help="Size of each node's volume (else 500).")] = None,
    fsx: Annotated[Text, typer.Option(metavar="DNS/MOUNT", help="Lustre that Slurm's nodes mount (else none).")] = None,
    deep_health_checks: Annotated[Text, typer.Option(metavar="yes|no", help="Stress each new node (else no).")] = None,
    file: Annotated[
        Text, typer.Option("--file", "-f", metavar="FILE", help="New file for the spec (else cluster.yaml).")
    ] = None,
    skip: SkipOption = None,
    yes: NoQuestionsOption = False,
    resume: ResumeOption = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Write a cluster spec from answers to a few questions.

    Nothing else is made or changed. Every question has a flag of its name. Without a terminal, or with --yes, nothing
    is asked.
    """
    from hpctl.cli.wizard.conduct import Wizard, answers_of, file_taken, given_of
    from hpctl.services.wizard import cluster as service
    from hpctl.services.wizard.cluster_form import cluster_form

    session = wiring.session(invocation(ctx))
    sights = service.Sights(lambda one: _world(session, one), lambda: session.ports.region)
    form = cluster_form(sights.after, file_taken)
    names = {one.name.replace("-", "_") for one in form.questions} | {"skip"}
    given = given_of({one: ctx.params[one] for one in names} | {"region": session.said.region})
    ask = session.terminal.interactive and not yes
    answers, draft = answers_of(
        session, Wizard(form, "cluster", _looker(session, sights)), given, ask=ask, resume=resume
    )
    report = service.judge(answers, sights.after(answers))
    if not ask:
        session.show_beside(report)
        service.demand_good(report)
    wiring.write_answers(answers["file"][0], service.text_of(answers))
    if draft:
        draft.forget()
    session.show(service.written(form, answers, report, {"--profile": session.said.profile}))


def _world(session: Session, region: str | None) -> World:
    """Return the account in a Region, whatever the command line says of it: the answer may be another."""
    return replace(session, said=replace(session.said, region=region)).world


def _looker(session: Session, sights: Sights) -> Callable[[Answers], None]:
    """Return what shows a person what the checks say of all answers."""
    from hpctl.render.looking import looking
    from hpctl.services.wizard.cluster import judge

    def look(answers: Answers) -> None:
        with looking("checking all answers", session.terminal):
            report = judge(answers, sights.after(answers))
        session.show_beside(report)

    return look
