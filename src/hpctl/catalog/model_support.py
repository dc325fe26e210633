"""Which framework has which model, on which accelerator: facts with their version and source.

`model_support.json` is written by `tools/extract_model_support.py`. A model is named by the `model_type` of its
configuration, `*` stands for any. Devices are families of instance types (`trn1`, `trn1n`, `trn2`, `trn3`, `inf1`,
`inf2`) and `nvidia`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

ANY: Final = "*"
NVIDIA: Final = "nvidia"
TRAINING: Final = "training"


class Status(StrEnum):
    """How far a framework has a model, best first."""

    SUPPORTED = "supported"
    SUPPORTED_PIN = "supported-pin"
    BETA = "beta"
    PRIVATE_BETA = "private-beta"
    CONTRIB = "contrib"
    FITS_ONE_CORE_ONLY = "fits-one-core-only"
    LEGACY = "legacy"
    CODE_ONLY = "code-only"
    NO = "no"


MEANINGS: Final[Mapping[Status, str]] = {
    Status.SUPPORTED: "in the registry of a framework that is maintained, and released",
    Status.SUPPORTED_PIN: "works with an older SDK alone",
    Status.BETA: "a public beta",
    Status.PRIVATE_BETA: "a private beta: access is by request",
    Status.CONTRIB: "a port by the community",
    Status.FITS_ONE_CORE_ONLY: "no parallel class: works where one core holds everything",
    Status.LEGACY: "samples for a stack that has ended",
    Status.CODE_ONLY: "there is code, but in no registry or no release",
    Status.NO: "no framework has it",
}
"""What each word means to the person who reads it."""


@dataclass(frozen=True, slots=True)
class Framework:
    """What is true of a framework whatever the model.

    `sdk` is the AWS Neuron SDK to pin and `pin` tells why; `access` how to get at a beta; `lifecycle` what ends or
    has ended; `transformers` the version of transformers that it is built on, where that limits the models.
    """

    key: str
    name: str
    version: str
    source: str
    lifecycle: str = ""
    sdk: str | None = None
    pin: str | None = None
    access: str | None = None
    transformers: str | None = None


@dataclass(frozen=True, slots=True)
class SupportFact:
    """One framework has one model for some tasks on some devices.

    `tasks` holds `training`, or the tasks of inference by the Hub's names. `parallelism` are the ways to split,
    `methods` ways of training beside the usual one (LoRA, DPO, ORPO), `degrees` the tensor parallelism that a
    community port was run with. `source` is a path in the framework's sources or documentation.
    """

    model_type: str
    framework: Framework
    tasks: tuple[str, ...]
    status: Status
    devices: tuple[str, ...]
    source: str
    parallelism: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    degrees: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    note: str = ""


@cache
def support_facts() -> tuple[SupportFact, ...]:
    """All facts that name their framework's sources, by framework: Neuron's, and recipes for NVIDIA GPUs."""
    frameworks = _frameworks()
    return tuple(_fact(row, frameworks) for row in _catalog()["facts"])


@cache
def transformers_facts() -> Mapping[str, SupportFact]:
    """What transformers trains and serves on NVIDIA GPUs with PyTorch, by model_type.

    Source: the causal language models of its automatic classes, and the plans for splitting of its configurations.
    """
    framework = _frameworks()["transformers"]
    return {model: _on_nvidia(model, plans, framework) for model, plans in _catalog()["transformers"].items()}


def loads_with(framework: Framework, model_type: str) -> bool:
    """Whether the transformers that `framework` is built on knows `model_type` as a causal language model."""
    return framework.transformers is None or model_type in _catalog()["transformers_4_57"]


def _on_nvidia(model: str, plans: list[str], framework: Framework) -> SupportFact:
    return SupportFact(
        model,
        framework,
        (TRAINING, "text-generation"),
        Status.SUPPORTED,
        (NVIDIA,),
        framework.source,
        parallelism=("DP", "FSDP", *plans),
        methods=("LoRA",),
    )


def _fact(row: Mapping[str, Any], frameworks: Mapping[str, Framework]) -> SupportFact:
    said: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return SupportFact(**said | {"framework": frameworks[row["framework"]], "status": Status(row["status"])})


@cache
def _frameworks() -> dict[str, Framework]:
    return {key: Framework(key=key, **row) for key, row in _catalog()["frameworks"].items()}


@cache
def _catalog() -> dict[str, Any]:
    text = (files("hpctl.catalog") / "model_support.json").read_text(encoding="utf-8")
    catalog: dict[str, Any] = json.loads(text)
    return catalog
