"""`hpctl explain`: what a failure message, a log or the state of a cluster means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.completion import clusters
from hpctl.cli.options import OutputOption, ProfileOption, QueryOption, RegionOption, VerboseOption, invocation
from hpctl.errors import NotFoundError, UsageError
from hpctl.render.output import Output

if TYPE_CHECKING:
    from hpctl.cli.wiring import Session
    from hpctl.report.explanation import ExplanationReport


def explain(
    ctx: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="TEXT|CLUSTER",
            autocompletion=clusters,
            help="A message, the name of a cluster, or - for a log on stdin.",
        ),
    ] = None,
    file: Annotated[str | None, typer.Option("--file", "-f", metavar="LOGFILE", help="Read this log.")] = None,
    node: Annotated[str | None, typer.Option("--node", metavar="ID", help="Only this node of the cluster.")] = None,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="A message, even of one word.")] = None,
    failure: Annotated[str | None, typer.Option("--id", metavar="FAILURE", help="Tell of this known failure.")] = None,
    check: Annotated[str | None, typer.Option("--check", metavar="CHECK", help="Tell of this check.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the known failures, and stop.")] = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Explain a failure: cause, evidence, fix, prevention.

    The last is the check that sees it beforehand.

    What could be a cluster's name (letters, digits and hyphens, no space) or ARN is one; anything else is a text.
    Texts and logs are judged on this machine alone; --check tells why a check is there. Exit code 3: no known failure
    has these words; of a cluster 20: it is not well, 21: nothing wrong was seen, but not everything could be read.
    """
    from hpctl.services import explain as service

    session = wiring.session(invocation(ctx))
    _demand_one(what, file, text, failure, check, "--list" if list_ else None)
    if node is not None and (what is None or not service.names_cluster(what)):
        raise UsageError("`--node` needs the name of a cluster", hint="hpctl explain CLUSTER --node ID")
    if list_:
        session.show(service.list_failures())
    elif failure is not None:
        session.show(service.explain_failure(failure))
    elif check is not None:
        from hpctl.services.explain_check import explain_check

        session.show(explain_check(check))
    elif what is not None and service.names_cluster(what):
        _cluster(session, what, node)
    else:
        _judged(session, _read(file or ("-" if what == "-" else None), text if text is not None else what or ""))


def _demand_one(*said: str | None) -> None:
    if sum(one is not None for one in said) != 1:
        raise UsageError(
            "`hpctl explain` takes one thing to explain",
            hint="a TEXT, a CLUSTER, `-` for stdin, `--file LOGFILE`, `--text TEXT`, `--id ID`, `--check ID`, `--list`",
        )


def _read(file: str | None, text: str) -> ExplanationReport:
    from hpctl.services.explain import explain_log, explain_text

    if file is None:
        return explain_text(text)
    return explain_log(wiring.chunks_of(file), "stdin" if file == "-" else file)


def _judged(session: Session, report: ExplanationReport) -> None:
    from hpctl.services.explain import demand_known

    session.show(report)
    demand_known(report)


def _cluster(session: Session, name: str, node: str | None) -> None:
    from hpctl.services.explain_cluster import demand_well, explain_cluster

    try:
        with session.looking_at(f"cluster {name}"):
            report = explain_cluster(name, session.ports, node_id=node)
    except NotFoundError as error:
        hint = f"to explain it as a message: hpctl explain --text {name}" if node is None else error.hint
        raise NotFoundError(error.message, hint=hint) from error
    session.show(report)
    demand_well(report)
