"""What the shell completes besides commands and options: names that hpctl ships, and names that its commands have told.

There is no call, and no Pydantic: a TAB must not make anybody wait.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import typer

from hpctl.cli.invocation import Invocation


def first_word() -> str | None:
    """Return the first word after `hpctl` of the line that a shell wants completed; None where there is none."""
    # Bash hands the line over in the one, zsh and fish in the other (Typer's completion classes).
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    return next(iter(line.split()[1:]), None)


def clusters(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the clusters that begin so, of those that commands have told of lately."""
    return _seen("clusters", ctx, incomplete)


def nodes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the nodes that begin so."""
    return _seen("nodes", ctx, incomplete)


def jobs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the jobs that begin so."""
    return _seen("jobs", ctx, incomplete)


def namespaces(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the namespaces that begin so."""
    return _seen("namespaces", ctx, incomplete)


def _seen(kind: str, ctx: typer.Context, incomplete: str) -> list[str]:
    from hpctl.cli.wiring import seen_names

    said = ctx.find_root().obj
    cluster = None if kind == "clusters" else ctx.params.get("cluster")
    names = seen_names(said if isinstance(said, Invocation) else Invocation(), kind, cluster or None)
    return _beginning(names if cluster or kind == "clusters" else sorted(set(names)), incomplete)


def models(incomplete: str) -> list[str]:
    """Return the families and models of the catalogue that begin so, other names of theirs when none does.

    With nothing typed yet the families alone: all models would fill the screen.
    """
    from hpctl.catalog.models import known_families, known_models

    families = [one.name for one in known_families()]
    if not incomplete:
        return families
    names = _beginning((*families, *(one.name for one in known_models())), incomplete)
    return names or _beginning((alias for one in known_models() for alias in one.aliases), incomplete)


def accelerated_types(incomplete: str) -> list[str]:
    """Return HyperPod's instance types with accelerators that begin so, with `ml.` or without."""
    from hpctl.catalog.instance_types import instance_types
    from hpctl.terms import AcceleratorKind

    accelerated = (one for one in instance_types() if one.accelerator_kind is not AcceleratorKind.NONE)
    names = [one.name if incomplete.startswith("ml") or not incomplete else one.ec2_name for one in accelerated]
    return _beginning(names, incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
