"""What can be said to `hpctl doctor`, and what of it does not go together."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli.completion import clusters
from hpctl.errors import UsageError

if TYPE_CHECKING:
    from typing import Any


class FailOn(StrEnum):
    """What makes the exit code other than 0."""

    FAIL = "fail"
    WARN = "warn"


ClusterArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="CLUSTER", autocompletion=clusters, help="Judge this cluster, which lives (its name or ARN)."
    ),
]
SpecOption = Annotated[
    str | None, typer.Option("--file", "-f", metavar="FILE", help="Judge this spec, too (- is stdin).")
]
NodeOption = Annotated[str | None, typer.Option("--node", metavar="ID", help="Only this node, from inside, too.")]
NamespaceOption = Annotated[
    str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Namespace for jobs (else default).")
]
ListOption = Annotated[bool, typer.Option("--list", help="List the checks that there are, and stop.")]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="CHECK", help="Run this check and what it needs; give it again for more."),
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Run only the checks that ask AWS nothing.")]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="`warn`: warnings are exit code 21.")]
UntilWellOption = Annotated[bool, typer.Option("--wait", help="Look again and again, until the cluster is well.")]

_OF_SPECS = ("file", "name", "offline")
_OF_CLUSTERS = ("node", "namespace", "wait", "timeout")
_FLAGS = {"cluster": "CLUSTER", "values": "--set", "past": "--from"}


def demand_consistent(ctx: typer.Context) -> None:
    """Raise `UsageError` for what was said together and does not go together."""
    said = ctx.params
    if said["past"]:
        _demand_apart(said, "past", (*_OF_SPECS, *_OF_CLUSTERS, "cluster", "values", "job", "fix", "bundle"))
    _demand_apart(said, "bundle", ("wait", "fix"))
    if said["job"]:
        _demand_apart(said, "job", (*_OF_SPECS, "node", "wait", "timeout"))
    else:
        _demand_apart(said, "cluster", (*_OF_SPECS, "values"))
        _refuse_typed(ctx, "cluster_of_job")
    if said["cluster"] is None and not said["job"]:
        _demand_cluster({_flag(name): said[name] for name in _OF_CLUSTERS})


def _demand_apart(said: Mapping[str, Any], one: str, others: tuple[str, ...]) -> None:
    """Raise `UsageError` when something of the one is given together with something of the others."""
    beside = [_flag(name) for name in others if said[name]]
    if said[one] and beside:
        raise UsageError(f"`{_flag(one)}` does not go with `{beside[0]}`", hint="leave one of them out")


def _flag(name: str) -> str:
    return _FLAGS.get(name, f"--{name}")


def _refuse_typed(ctx: typer.Context, parameter: str) -> None:
    """Raise `UsageError` for a `--cluster` that was typed, and is no job's; one of the environment is for others."""
    source = ctx.get_parameter_source(parameter)
    if source is not None and source.name == "COMMANDLINE":
        raise UsageError("`--cluster` goes with `--job`", hint=f"hpctl doctor {ctx.params[parameter]}")


def _demand_cluster(of_cluster: Mapping[str, object]) -> None:
    """Raise `UsageError` when something is said of a cluster, and none is named."""
    for flag, value in of_cluster.items():
        if value is not None and value is not False:
            raise UsageError(
                f"`{flag}` is about a live cluster, and none is named", hint=f"hpctl doctor CLUSTER {flag}"
            )
