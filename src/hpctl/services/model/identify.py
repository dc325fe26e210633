"""Which model is meant: a file, a name of the catalogue, a family, or an id of the Hub; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hpctl.catalog.models import KnownFamily, KnownModel, find_family, find_model, nearest_names
from hpctl.errors import NotFoundError, UsageError
from hpctl.estimate.parameters import known_model_types, shape_of
from hpctl.facts.model_ports import ModelHub
from hpctl.spec.model_config import ModelConfig
from hpctl.spec.model_read import CONFIG_FILE, model_config, parsed_model, read_model
from hpctl.spec.source import TextSource

_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
"""What the Hub takes as a model's id."""


class Network(StrEnum):
    """Whether the Hub may be asked."""

    OFF = "off"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Model:
    """One model, and what its name or file does not show at first sight."""

    config: ModelConfig
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """One known model of a family; both counts are of the language model, in parameters."""

    name: str
    model_type: str
    parameters: int
    active_parameters: int


@dataclass(frozen=True, slots=True)
class FamilyAnswer:
    """A name that stands for several models: these, with the architectures among them."""

    name: str
    members: tuple[FamilyRow, ...]
    notes: tuple[str, ...] = ()


Identified = Model | FamilyAnswer


def identify(name: str, hub: ModelHub, network: Network = Network.OFF) -> Identified:
    """Find what `name` means: files first, then the catalogue, the Hub's cache, and the Hub itself where allowed.

    Raises SpecError when a file is no model's configuration, NotFoundError with the nearest names when nothing is
    called so; what the Hub raises otherwise is said in its port.
    """
    if not name.strip():
        raise UsageError(
            "no model is named", hint="give a folder with a `config.json`, or a name such as `Qwen/Qwen3-8B`"
        )
    if (path := _path(name)) is not None:
        return _model(read_model(path, name))
    if (known := find_model(name)) is not None:
        return _known(name, known)
    if (family := find_family(name)) is not None:
        return _family(family)
    return _model(_from_hub(name, hub, network))


def _path(name: str) -> Path | None:
    """Take `name` as a path when it can be nothing else, or when it leads to a configuration."""
    path = Path(name).expanduser()
    if path.is_file() or (path / CONFIG_FILE).is_file():
        return path
    if path.is_dir() and find_model(name) is None and find_family(name) is None:
        return path
    return path if name.startswith((".", "/", "~")) or name.endswith(".json") or name.count("/") > 1 else None


def _from_hub(name: str, hub: ModelHub, network: Network) -> ModelConfig:
    possible = _ID.fullmatch(name) is not None
    if possible and (file := hub.cached(name)) is not None:
        return read_model(file, name)
    close = ", ".join(f"`{one}`" for one in nearest_names(name))
    if network is Network.OFF or not possible:
        alike = f"the nearest names are {close}; " if close else ""
        offline = (
            f"{alike}give a folder with the model's `config.json`, or let the Hugging Face Hub be asked with `--hub`"
        )
        raise NotFoundError(f"no model `{name}` is known here", hint=offline)
    try:
        text = hub.fetch(name)
    except NotFoundError as error:
        hint = f"the nearest names known here are {close}" if close else error.hint
        raise NotFoundError(error.message, hint=hint) from None
    return parsed_model(TextSource(f"{name} on the Hugging Face Hub", text), name)


def _known(name: str, known: KnownModel) -> Model:
    config = model_config(known.config, name=known.name, origin=f"catalogue entry `{known.name}`")
    renamed = () if name == known.name else (f"`{name}` is taken as `{known.name}`, whose configuration is the same",)
    parts = _parts(config) if "vision_config" in config.raw else ()
    return Model(config, (*renamed, *((known.note,) if known.note else ()), *parts))


def _family(family: KnownFamily) -> FamilyAnswer:
    rows = tuple(map(_row, family.models))
    types = sorted({row.model_type for row in rows})
    several = (f"these have {len(types)} architectures: {', '.join(types)}",) if len(types) > 1 else ()
    return FamilyAnswer(family.name, rows, (*((family.note,) if family.note else ()), *several))


def _row(known: KnownModel) -> FamilyRow:
    shape = shape_of(model_config(known.config, name=known.name, origin=known.name))
    return FamilyRow(known.name, known.config["model_type"], shape.parameters, shape.active_parameters)


def _model(config: ModelConfig) -> Model:
    return Model(config, tuple(_notes(config)))


def _notes(config: ModelConfig) -> Iterator[str]:
    """Say what is easily misread: a part of a whole, weights in another format, an embedding model."""
    if config.raw is not config.text or "vision_config" in config.raw:
        yield from _parts(config)
    if "embedding" in config.name.casefold():
        yield "an embedding model by its name; its architecture may be that of a generative one"
    yield from _quantized(config)


def _parts(config: ModelConfig) -> Iterator[str]:
    """Say what of a multimodal model is counted: all that it has, or its language model alone."""
    outer = config.raw.get("model_type")
    if config.model_type not in known_model_types():
        return
    shape = shape_of(config)
    if shape.towers:
        items = (("language model", shape.language_parameters), *((one.name, one.parameters) for one in shape.towers))
        told = ", ".join(f"{name} {count:,}" for name, count in items)
        yield f"a multimodal model of type `{outer}`, counted whole: {told}"
    else:
        yield f"a multimodal model of type `{outer}`: counted is its language model, `{config.model_type}`, alone"


def _quantized(config: ModelConfig) -> Iterator[str]:
    for keys in (config.raw, config.text):
        found = keys.get("quantization_config") or keys.get("compression_config")
        if isinstance(found, Mapping) and found:
            method = found.get("quant_method") or ("bitsandbytes" if _loads_in_bits(found) else "another format")
            yield f"its weights are stored as {method}; counted are the numbers that these stand for"
            return


def _loads_in_bits(found: Mapping[str, object]) -> bool:
    """Tell the keys of bitsandbytes from before there was a `quant_method`."""
    return any(found.get(key) for key in ("load_in_4bit", "load_in_8bit"))
