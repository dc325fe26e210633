"""Options that many commands share, and what they remember for the whole invocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hpctl.cli.completion import clusters
from hpctl.cli.durations import seconds
from hpctl.cli.invocation import Invocation
from hpctl.render.output import CheckOutput, Output

if TYPE_CHECKING:
    from hpctl.services.create import Blindness


def invocation(ctx: typer.Context) -> Invocation:
    """Return the invocation that `ctx` belongs to."""
    found = ctx.find_root().obj
    if not isinstance(found, Invocation):
        message = "the command line was started without an Invocation"
        raise TypeError(message)
    return found


def _output(ctx: typer.Context, value: Output) -> Output:
    invocation(ctx).output = value
    return value


def _check_output(ctx: typer.Context, value: CheckOutput) -> CheckOutput:
    invocation(ctx).output = value.elsewhere
    return value


def _query(ctx: typer.Context, value: str | None) -> str | None:
    invocation(ctx).query = value
    return value


def _profile(ctx: typer.Context, value: str | None) -> str | None:
    said = invocation(ctx)
    said.profile = value or said.profile
    return value


def _region(ctx: typer.Context, value: str | None) -> str | None:
    said = invocation(ctx)
    said.region = value or said.region
    return value


def _verbose(ctx: typer.Context, value: bool) -> bool:  # noqa: FBT001  Typer's callback signature
    said = invocation(ctx)
    said.verbose = value or said.verbose
    return value


OutputOption = Annotated[
    Output,
    typer.Option("--output", "-o", callback=_output, help="How to write the answer.", show_choices=True),
]
CheckOutputOption = Annotated[
    CheckOutput,
    typer.Option("--output", "-o", callback=_check_output, help="How to write the answer.", show_choices=True),
]
QueryOption = Annotated[
    str | None,
    typer.Option("--query", callback=_query, metavar="JMESPATH", help="Choose from the JSON form: data, or columns."),
]
ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", callback=_profile, metavar="NAME", help="AWS profile (else AWS_PROFILE)."),
]
RegionOption = Annotated[
    str | None,
    typer.Option("--region", callback=_region, metavar="NAME", help="AWS Region (else the spec's, AWS_REGION)."),
]
VerboseOption = Annotated[
    bool,
    typer.Option("--verbose", "-v", callback=_verbose, help="Log every AWS call with its duration to stderr."),
]
FileOption = Annotated[
    str,
    typer.Option("--file", "-f", metavar="FILE", help="Cluster spec, YAML or CreateCluster JSON (- is stdin)."),
]
NameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Cluster name, for a file that is a bare list of instance groups."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="VAR=VALUE", help="Value of ${VAR} in the file (before the environment's)."),
]
SkipOption = Annotated[
    list[str] | None,
    typer.Option("--skip", metavar="CHECK", help="Leave a check out; give it again for more."),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        envvar="HPCTL_CLUSTER",
        metavar="NAME",
        autocompletion=clusters,
        help="Cluster (needed when there are several).",
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow until it is done.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")]
AllowUnknownOption = Annotated[
    bool, typer.Option("--allow-unknown", help="Go on when a check that must hold could not look.")
]
TimeoutOption = Annotated[
    float | None,
    typer.Option("--timeout", parser=seconds, metavar="DURATION", help="Stop waiting after so long (90s, 45m, 2h)."),
]


def blindness(allow_unknown: bool) -> Blindness:  # noqa: FBT001  a flag of the command line
    """Return what `--allow-unknown` says about checks that could not look."""
    from hpctl.services.create import Blindness

    return Blindness.ALLOWED if allow_unknown else Blindness.REFUSED
