"""A job file with the layout that was found for a model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePath

from hpctl.report.model import ModelFacts, ModelOnType, ModelReport
from hpctl.services.model.question import Question
from hpctl.spec.model_read import CONFIG_FILE

_VARIABLES = {
    "tp": "TENSOR_PARALLEL",
    "pp": "PIPELINE_PARALLEL",
    "cp": "CONTEXT_PARALLEL",
    "ep": "EXPERT_PARALLEL",
    "zero": "ZERO_STAGE",
}
_LONGEST_NAME = 40


def job_yaml(report: ModelReport, question: Question) -> str:
    """Write hpctl's job YAML for the report's one instance type, on which the model must fit.

    `question` is what was asked for. The layout goes to the training program as environment variables; a degree of 1
    is written too, so that whoever changes it sees its name.
    """
    (row,) = report.instance_types
    return "".join(f"{line}\n" for line in _lines(report, row, question))


def _lines(report: ModelReport, row: ModelOnType, question: Question) -> Iterator[str]:
    best = row.layouts[0]
    yield f"# {report.model.name}: {report.task} on {best.nodes} x {row.instance_type} with {row.framework}."
    yield f"# {best.layout}, {row.precision}: {best.gib:.1f} GiB of {row.device_memory_gib or 0:.1f} GiB a device;"
    yield f"# {report.settings}."
    for caveat in row.caveats:
        yield f"# Mind: {caveat}."
    yield "#"
    yield "# train.py is yours: it lies beside this file, goes along, and splits the model as the variables below say."
    yield "api_version: hpctl/v1"
    yield "kind: Job"
    yield f"name: {_name(report)}"
    yield ""
    yield f"nodes: {best.nodes}"
    yield f"instance_type: {row.instance_type}"
    yield "image: ${IMAGE} # --set IMAGE=..., or the environment's"
    yield "workdir: ."
    yield ""
    yield "model: # judged whenever this is submitted; nothing of it reaches train.py"
    for key, value in _model(report, row, question):
        yield f"  {key}: {value}"
    yield ""
    yield "env:"
    for name, value in _environment(report, row):
        yield f"  {name}: {json.dumps(value)}"
    yield ""
    yield f"run: torchrun --nproc_per_node={row.devices_per_node} train.py"


def _model(report: ModelReport, row: ModelOnType, question: Question) -> Iterator[tuple[str, str]]:
    """What is said of the model; data parallelism is left out: it is what the nodes give."""
    best = row.layouts[0]
    yield "name", json.dumps(_found_again(report.model))
    yield "task", report.task
    yield "parallel", ",".join(part for part in best.layout.split(",") if not part.startswith("dp="))
    yield "seq_len", str(report.sequence)
    if best.micro_batch:
        yield "micro_batch", str(best.micro_batch)
    if question.precision:
        yield "precision", question.precision


def _found_again(facts: ModelFacts) -> str:
    """The name as it means the same in a file that is written into the current folder."""
    path = PurePath(facts.name)
    is_file = PurePath(facts.origin) in (path, path / CONFIG_FILE)
    return f"./{facts.name}" if is_file and not facts.name.startswith((".", "/", "~")) else facts.name


def _environment(report: ModelReport, row: ModelOnType) -> Iterator[tuple[str, str]]:
    best = row.layouts[0]
    degrees = dict(part.split("=") for part in best.layout.split(","))
    yield "MODEL", report.model.name
    for key, name in _VARIABLES.items():
        yield name, degrees.get(key, "0" if key == "zero" else "1")
    if best.micro_batch:
        yield "MICRO_BATCH", str(best.micro_batch)
    yield "SEQUENCE_LENGTH", str(report.sequence)


def _name(report: ModelReport) -> str:
    """A name as Kubernetes takes it (RFC 1123), beginning with a letter."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{report.model.name.rpartition('/')[2]}-{report.task}".lower())
    bare = words.strip("-")[-_LONGEST_NAME:].strip("-")
    return bare if bare[:1].isalpha() else f"m-{bare}"
