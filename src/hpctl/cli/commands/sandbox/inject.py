"""`hpctl sandbox inject`: let AWS, the network or a node have a bad day."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.sandbox.group import NameOption, app, faults_of
from hpctl.cli.durations import seconds
from hpctl.cli.options import OutputOption, QueryOption, invocation
from hpctl.errors import UsageError
from hpctl.render.output import Output

if TYPE_CHECKING:
    from hpctl.sandbox.proxy.faults import Injection

_FAULTS = """\
API: throttling, server-error, lost-response (takes effect, then the connection is reset), reset (before anything is
read), truncate, stall (never answers), refuse (connections), garbage (neither JSON nor XML), expired-credentials,
access-denied, stale-reads, slow. Nodes: no-capacity, efa, lifecycle, hardware."""


def _option(name: str, metavar: str, text: str) -> Any:  # noqa: ANN401  as typer.Option itself
    return typer.Option(name, metavar=metavar, help=text)


def _duration(name: str, text: str) -> Any:  # noqa: ANN401  as above
    return typer.Option(name, metavar="DURATION", parser=seconds, help=text)


@app.command("inject", epilog=_FAULTS)
def inject(
    ctx: typer.Context,
    fault: Annotated[str | None, typer.Argument(metavar="FAULT", help="What goes wrong; an id with --clear.")] = None,
    name: NameOption = "default",
    service: Annotated[str | None, _option("--service", "NAME", "Calls of this service: sagemaker, ec2 …")] = None,
    operation: Annotated[str | None, _option("--operation", "NAME", "Calls of this operation: CreateCluster …")] = None,
    cluster: Annotated[str | None, _option("--cluster", "NAME", "Calls about this cluster, or its nodes.")] = None,
    group: Annotated[str | None, _option("--group", "NAME", "Nodes of this instance group.")] = None,
    node: Annotated[str | None, _option("--node", "ID", "This node, by instance id or logical id.")] = None,
    skip: Annotated[int | None, _option("--skip", "K", "Let the first K matching calls pass.")] = None,
    share: Annotated[str | None, _option("--share", "30%", "Strike this part of them, at random.")] = None,
    seed: Annotated[int | None, _option("--seed", "N", "Another row of random numbers.")] = None,
    count: Annotated[int | None, _option("--count", "N", "Strike N of them (else all).")] = None,
    for_s: Annotated[float | None, _duration("--for", "Be over after this time (else when cleared).")] = None,
    status: Annotated[int | None, _option("--status", "500|503", "server-error: the HTTP status.")] = None,
    retry_after_s: Annotated[float | None, _duration("--retry-after", "server-error: its Retry-After.")] = None,
    lag_s: Annotated[float | None, _duration("--lag", "stale-reads: how old what is read is.")] = None,
    lag_reads: Annotated[
        int | None, _option("--lag-reads", "N", "stale-reads: how many reads do not see a change.")
    ] = None,
    latency_s: Annotated[float | None, _duration("--latency", "slow: how late answers are.")] = None,
    jitter_s: Annotated[float | None, _duration("--jitter", "slow: more or less so much.")] = None,
    file: Annotated[
        str | None, typer.Option("--file", "-f", metavar="FILE", help="Faults as JSON (- is stdin).")
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List the faults in force.")] = False,
    clear: Annotated[
        bool, typer.Option("--clear", help="End the fault of this id, or all, and list what is left.")
    ] = False,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
) -> None:
    """Let AWS, the network or nodes of a sandbox fail.

    Until a bound is reached or the fault is cleared.
    """
    from hpctl.sandbox import inject as faults

    session = wiring.session(invocation(ctx))
    members = {key: value for key in _MEMBERS if (value := ctx.params[key]) is not None}
    if (show or clear or file is not None) and (members or show + clear + (file is not None) > 1):
        raise UsageError("`--list`, `--clear` and `--file` stand alone", hint="see hpctl sandbox inject --help")
    if show or (fault is None and not clear and file is None and not members):
        _tell(session, name, faults.faults(name))
    elif clear:
        faults.clear(fault, name)
        _tell(session, name, faults.faults(name))
    else:
        injections = _from_file(file) if file is not None else _from_options(fault, members)
        _tell(session, name, faults.inject(injections, name))


_MEMBERS = (
    *("service", "operation", "cluster", "group", "node", "skip", "share", "seed", "count", "for_s"),
    *("status", "retry_after_s", "lag_s", "lag_reads", "latency_s", "jitter_s"),
)


def _from_options(fault: str | None, members: Mapping[str, Any]) -> tuple[Injection, ...]:
    from hpctl.sandbox.proxy.faults import Injection

    if fault is None:
        raise UsageError("no fault is named", hint="write its name first: hpctl sandbox inject throttling --count 3")
    return (Injection.read({"fault": fault, **members}),)


def _from_file(file: str) -> tuple[Injection, ...]:
    from hpctl.sandbox.proxy.faults import read_injections

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return read_injections(json.loads(text))
    except OSError as error:
        raise UsageError(f"`{file}` cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"`{file}` is no JSON: {error}", hint='write [{"fault": "throttling", "count": 3}]') from error


def _tell(session: wiring.Session, sandbox: str, rows: list[dict[str, Any]]) -> None:
    from hpctl.report.sandbox import FaultList

    session.show(FaultList(sandbox=sandbox, faults=faults_of(rows)))
