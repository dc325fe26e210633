"""A spec as the YAML that people read and edit."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from io import StringIO

from ruamel.yaml import YAML

from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.frozen_map import FrozenMap
from hpctl.spec.model import SpecModel

HEADER = "# A SageMaker HyperPod cluster. `hpctl cluster plan -f` shows what this file would do.\n"

_WIDE = 4096
"""Characters; no text is folded, for folded ones are hard to edit."""


def to_yaml(spec: ClusterSpec) -> str:
    """Write the spec as hpctl YAML, with a header; what is absent or empty is left out.

    A dollar sign is doubled, so that loading the text gives the same spec in any environment.
    """
    writer = YAML()
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.width = _WIDE
    out = StringIO(newline="")
    writer.dump(_plain(spec), out)
    return HEADER + out.getvalue()


def _plain(value: object) -> object:  # noqa: PLR0911 - one a variant
    match value:
        case SpecModel():
            fields = {name: getattr(value, name) for name in type(value).model_fields}
            return {name: _plain(held) for name, held in fields.items() if not _says_nothing(value, name, held)}
        case FrozenMap():
            return {key: _plain(text) for key, text in value.items()}
        case tuple():
            return [_plain(item) for item in value]
        case datetime():
            return value.isoformat()
        case StrEnum():
            return value.value
        case str():
            return value.replace("$", "$$")
        case _:
            return value


def _says_nothing(model: SpecModel, name: str, value: object) -> bool:
    """Tell what its absence says as well; the first two keys of a spec tell what the file is, and stay."""
    return name not in {"api_version", "kind"} and value == type(model).model_fields[name].default
