"""The command tree. Command modules import typer and the standard library only; work is imported when it is done."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

import hpctl
from hpctl.cli.grammar import Grammar
from hpctl.cli.options import ProfileOption, RegionOption, VerboseOption
from hpctl.render.terminal import Terminal, write

NOUNS = (
    "cluster",
    "node",
    "job",
    "queue",
    "dev",
    "slurm",
    "instances",
    "quota",
    "lifecycle",
    "iam",
    "sky",
    "skill",
    "sandbox",
)
COMMANDS = ("init", "check-model", "doctor", "explain", "gpus", "eks-token", "quickstart", "help")
"""Both are modules of `hpctl.cli.commands`, in the order of `--help`."""


def command_tree(first: str | None = None) -> typer.Typer:
    """Build the tree, of the command `first` alone where it is one: Typer takes 0.1 s CPU for all of them."""
    app = typer.Typer(
        name="hpctl",
        cls=Grammar,
        help="Amazon SageMaker HyperPod clusters, from a spec file to nodes in service.",
        epilog="No AWS account? `hpctl quickstart` shows everything in an embedded sandbox.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    names = (*NOUNS, *COMMANDS)
    for name in [one for one in names if one == first] or names:
        _add(app, name)
    return app


def _add(app: typer.Typer, name: str) -> None:
    own = name.replace("-", "_")
    module = import_module(f"hpctl.cli.commands.{own}")
    if name in NOUNS:
        app.add_typer(module.app, name=name)
    else:
        app.command(name)(getattr(module, own))


def _version(value: bool) -> None:  # noqa: FBT001  Typer's callback signature
    if value:
        write(Terminal.current().stdout, f"hpctl {hpctl.__version__}\n")
        raise typer.Exit


def root(
    profile: ProfileOption = None,
    region: RegionOption = None,
    verbose: VerboseOption = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Amazon SageMaker HyperPod clusters, from a spec file to nodes in service."""
