"""Which model a job trains, and how it goes where the job goes; without the network, and nothing is guessed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from hpctl.catalog.accelerators import Accelerated, accelerated
from hpctl.catalog.models import find_model, nearest_names
from hpctl.errors import HpctlError, NotFoundError, UsageError
from hpctl.estimate.training import Task
from hpctl.facts.job_model import JobModel, ModelAnswer, Origin
from hpctl.facts.model_ports import ModelHub
from hpctl.facts.placement import Placement
from hpctl.report.model import ModelOnType
from hpctl.services.model.check import judge
from hpctl.services.model.identify import FamilyAnswer, Model, Network, identify
from hpctl.services.model.question import Question, optimizer
from hpctl.services.model.savings import savings
from hpctl.spec.job import JobSpec
from hpctl.spec.job_model import ModelWish
from hpctl.terms import Outcome

VARIABLES: Final = ("MODEL_NAME_OR_PATH", "MODEL_NAME", "MODEL_ID", "HF_MODEL_ID", "HF_MODEL_NAME")
ARGUMENTS: Final = ("--model_name_or_path", "--pretrained_model_name_or_path", "--model_name", "--model_id", "--model")
"""What names a Hub id in the examples of transformers, TRL, vLLM and SkyPilot; `-` counts as `_`."""


@dataclass(frozen=True, slots=True)
class Place:
    """So many `nodes` of an instance type, of each of which `devices` accelerators are used."""

    instance_type: str
    nodes: int
    devices: int

    def __str__(self) -> str:
        return f"{self.nodes} x {self.instance_type}"

    def accelerated(self) -> Accelerated:
        """The type as if it had these accelerators alone; raises what the catalogue does."""
        known = accelerated(self.instance_type)
        whole = known.type
        if not 0 < self.devices < whole.accelerator_count:
            return known
        cores = whole.logical_neuron_cores * self.devices // whole.accelerator_count
        return replace(known, type=replace(whole, accelerator_count=self.devices, logical_neuron_cores=cores))


def job_model(spec: JobSpec, placement: Placement | None, hub: ModelHub) -> JobModel | None:
    """The job's model and how it goes there; None where nothing says which it is.

    A name that only seems to be one (a variable's value, an argument) counts when the catalogue or the Hub's cache
    knows it, and when there is one such name.
    """
    said = spec.model
    if said is not None:
        found = JobModel(said.name, Origin.SAID, "`model`")
        return _judged(found, said, spec.nodes, placement, hub)
    read = {name: where for name, where in reversed(tuple(_read(spec))) if _is_known(name, hub)}
    if len(read) != 1 or placement is None or not placement.devices:
        return None
    ((name, where),) = read.items()
    judged = _judged(JobModel(name, Origin.READ, where), None, spec.nodes, placement, hub)
    return None if judged.blind else judged


def _judged(
    found: JobModel, said: ModelWish | None, nodes: int, placement: Placement | None, hub: ModelHub
) -> JobModel:
    try:
        place = _place(placement, nodes)
        model = _model(found.name, hub)
        tasks = [Task(said.task)] if said else list(Task)
        answers = tuple(_answer(model, task, said, place) for task in tasks)
    except HpctlError as error:
        return replace(found, blind=error)
    return replace(found, place=str(place), answers=answers)


def _place(placement: Placement | None, nodes: int) -> Place:
    if placement is None or placement.instance_type is None:
        message = "the job's instance type is not known"
        raise NotFoundError(message, hint="give `instance_type` in the job file")
    if not placement.devices:
        message = "the job asks for no accelerators, and models are judged on those alone"
        raise UsageError(message, hint="give `accelerators` or `instance_type`, or leave out `model`")
    return Place(placement.instance_type, nodes, placement.devices)


def _model(name: str, hub: ModelHub) -> Model:
    try:
        found = identify(name, hub, Network.OFF)
    except NotFoundError as error:
        close = ", ".join(f"`{one}`" for one in nearest_names(name))
        alike = f"the nearest names are {close}; " if close else ""
        where = f"{alike}give a folder with its `config.json`, or bring that into the cache: hf download {name}"
        raise NotFoundError(error.message, hint=f"{where} config.json") from None
    match found:
        case Model():
            return found
        case FamilyAnswer(members=members):
            message = f"`{name}` is a family of models"
            raise NotFoundError(message, hint=f"name one of them, such as `{members[0].name}`")


def _answer(model: Model, task: Task, said: ModelWish | None, place: Place) -> ModelAnswer:
    """Words that do not exist, or degrees that these nodes do not have, are the file's fault: a fail, not a riddle."""
    try:
        question = _question(task, said, place.nodes)
        (row,) = judge(model.config, model.notes, question, (place.accelerated(),)).instance_types
    except UsageError as error:
        return ModelAnswer(task, Outcome.FAIL, (error.message,), remedy=error.hint)
    return ModelAnswer(
        task, Outcome(row.outcome), row.reasons or row.caveats, _evidence(row), _remedy(row, task, model)
    )


def _question(task: Task, said: ModelWish | None, nodes: int) -> Question:
    if said is None:
        return Question(task, nodes=nodes)
    return Question(
        task,
        nodes=nodes,
        sequence=said.seq_len,
        global_batch=said.global_batch,
        micro_batch=said.micro_batch,
        precision=said.precision,
        optimizer=optimizer(said.optimizer),
        parallel=said.parallel,
        savings=savings(said.recompute, said.quantize, said.offload, said.loss),
    )


def _evidence(row: ModelOnType) -> tuple[str, ...]:
    if row.device_memory_gib is None or not row.layouts:
        return ()
    best = row.layouts[0]
    needed = f"needs {best.gib:.1f} GiB a device with {best.layout} ({best.low_gib:.1f} to {best.high_gib:.1f})"
    return needed, f"has {row.device_memory_gib:.1f} GiB a device"


def _remedy(row: ModelOnType, task: Task, model: Model) -> str | None:
    if row.outcome == "pass":
        return None
    named = shlex.quote(model.config.name)
    more = f"hpctl check-model {named} --instance-type {row.instance_type} --task {task} --explain"
    return "\n".join((*(f"it goes on {other}" for other in row.alternatives), more))


def _is_known(name: str, hub: ModelHub) -> bool:
    return find_model(name) is not None or (name.count("/") == 1 and hub.cached(name) is not None)


def _read(spec: JobSpec) -> Iterator[tuple[str, str]]:
    """Yield what may be a model's name, and where it stands."""
    for variable in VARIABLES:
        if value := spec.env.get(variable):
            yield value, f"the variable {variable}"
    for word, value in _arguments(spec.run or "", spec.env):
        yield value, f"`{word}` of `run`"


def _arguments(script: str, env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for word, after in pairwise((*_words(script), "")):
        name, equals, value = word.partition("=")
        if name.replace("-", "_").replace("__", "--", 1) in ARGUMENTS:
            yield name, _filled(value if equals else after, env)


def _words(script: str) -> tuple[str, ...]:
    """The words of a shell script, line by line; a line that is no shell by itself has none."""
    found: list[str] = []
    for line in re.sub(r"\\\r?\n", " ", script).splitlines():
        if "--" not in line or "model" not in line:
            continue
        try:
            found.extend(shlex.split(line, comments=True))
        except ValueError:
            continue
    return tuple(found)


def _filled(value: str, env: Mapping[str, str]) -> str:
    """The value of a variable of the job where the word is nothing else."""
    name = re.fullmatch(r"\$(?:\{(\w+)\}|(\w+))", value)
    return env.get(name[1] or name[2], "") if name else value
