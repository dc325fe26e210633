"""What the shell completes besides commands and options: names that hpctl ships; no call, and no Pydantic."""

from __future__ import annotations

from collections.abc import Iterable


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
