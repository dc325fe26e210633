"""The questions of `hpctl job init`, and who judges their answers: the arithmetic of the model."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from hpctl.catalog.models import known_models
from hpctl.errors import ChecksFailedError, HpctlError
from hpctl.estimate.training import Task
from hpctl.facts.model_ports import ModelHub
from hpctl.report.written import WrittenReport
from hpctl.services.model.answer import draft
from hpctl.services.model.identify import Network, identify
from hpctl.services.model.question import USUAL_TYPES
from hpctl.services.model.question import Question as Wish
from hpctl.services.wizard.command import equivalent
from hpctl.services.wizard.question import Answers, Form, Objection, Option, Question, first
from hpctl.terms import Outcome

FEWEST: Final = "fewest"
"""The answer of who wants as few nodes as it takes."""

_FITS: Final = "model-fits"
_TASKS: Final = (
    Option("pretrain", "all weights, from the start"),
    Option("finetune", "all weights, from those that there are"),
    Option("lora", "a few weights beside those that there are"),
)


@dataclass(frozen=True)
class Shelf:
    """Where models are looked up, and what was said beside the questions (sequence length, batch, split)."""

    hub: ModelHub
    network: Network
    said: Wish

    def flags(self) -> dict[str, str | None]:
        """Return what was said as flags; one that takes no value has an empty one."""
        said = {"--seq-len": self.said.sequence, "--micro-batch": self.said.micro_batch}
        numbers = {flag: None if value is None else str(value) for flag, value in said.items()}
        hub = {"--hub": ""} if self.network is Network.ALLOWED else {}
        return {**numbers, "--parallel": self.said.parallel, **hub}

    def text(self, answers: Answers) -> str:
        """Return the job file; raises what `services.model.answer.draft` raises."""
        nodes = first(answers, "nodes")
        wish = replace(
            self.said,
            task=Task(first(answers, "task") or Task.FINETUNE),
            instance_types=(first(answers, "instance-type") or "",),
            nodes=int(nodes) if nodes and nodes != FEWEST else None,
        )
        return draft(first(answers, "model") or "", wish, self.hub, self.network)


def _models(_answers: Answers, _shelf: Shelf) -> Iterator[Option]:
    return (Option(one.name) for one in known_models())


def _types(answers: Answers, shelf: Shelf) -> Iterator[Option]:
    """Yield the usual types, each with how the model goes on it, or why it does not."""
    if "model" not in answers:
        yield from map(Option, USUAL_TYPES)
        return
    for name in USUAL_TYPES:
        try:
            lines = shelf.text({**answers, "instance-type": (name,)}).splitlines()
        except HpctlError as error:
            yield Option(name, "", _why(error))
        else:
            yield Option(name, lines[1].strip("# ;").removesuffix(" a device"))


def _why(error: HpctlError) -> str:
    """What would do, where something does: that is the number which a person needs."""
    return (error.hint or error.message).partition("\n")[0]


def _always(value: str) -> Callable[[Answers, Shelf], str]:
    return lambda _answers, _shelf: value


QUESTIONS: Final[tuple[Question[Shelf], ...]] = (
    Question(
        "model",
        "Which model?",
        "A name of the Hugging Face Hub, or a folder or a config.json on this machine.",
        options=_models,
    ),
    Question(
        "task",
        "What does the job do with it?",
        "How much memory that takes decides on the layout.",
        options=lambda _answers, _shelf: _TASKS,
        closed=True,
        default=_always("finetune"),
    ),
    Question(
        "nodes",
        "On how many nodes?",
        f"A number, or `{FEWEST}`: as few as it takes.",
        default=_always(FEWEST),
    ),
    Question(
        "instance-type",
        "On which instance type?",
        "The usual ones are shown, with the layout on which the model fits, and what it takes of a device's memory.",
        options=_types,
        rests_on=("model", "task", "nodes"),
        later=(_FITS,),
    ),
    Question(
        "file",
        "Where is the job file written to?",
        "A file that is not there yet; its folder goes along with the job.",
        default=_always("job.yaml"),
    ),
)
"""In the order in which they are asked: each may rest on those before it."""


def job_form(shelf: Shelf, taken: Callable[[str], str | None], *, to_file: bool) -> Form[Shelf]:
    """Return the form; `taken` says why a file cannot be written, without `to_file` none is."""

    def refusal(answers: Answers, question: Question[Shelf]) -> str | None:
        said = answers[question.name][0]
        match question.name:
            case "file":
                return taken(said)
            case "model":
                return _unknown(said, shelf)
            case "task" if said not in [one.value for one in _TASKS]:
                allowed = ", ".join(f"`{one.value}`" for one in _TASKS)
                return f"`--task {said}` cannot be; choose from {allowed}"
            case "nodes" if said != FEWEST and (not said.isdecimal() or int(said) < 1):
                return f"`--nodes {said}` cannot be; write a number from 1, or `{FEWEST}`"
        return None

    questions = QUESTIONS if to_file else QUESTIONS[:-1]
    return Form("hpctl job init", questions, lambda _answers: shelf, refusal, _objections)


def _unknown(name: str, shelf: Shelf) -> str | None:
    try:
        identify(name, shelf.hub, shelf.network)
    except HpctlError as error:
        return error.message if error.hint is None else f"{error.message}; {error.hint}"
    return None


def _objections(answers: Answers, _ids: tuple[str, ...], shelf: Shelf) -> tuple[Objection, ...]:
    """Say why the model does not go as it was answered; whatever else is in the way is told when it is written."""
    try:
        shelf.text(answers)
    except ChecksFailedError as error:
        chosen = first(answers, "instance-type") or ""
        return (Objection(_FITS, Outcome.FAIL, chosen, f"{error.message}; {_why(error)}"),)
    except HpctlError as error:
        return (Objection(_FITS, Outcome.UNKNOWN, "whether it fits", error.message),)
    return ()


def written(form: Form[Shelf], answers: Answers, more: Mapping[str, str | None]) -> WrittenReport:
    """Return what there is to tell once the file is written; `more` are the flags beside the answers."""
    file = first(answers, "file") or ""
    submit = f"hpctl job submit {shlex.quote(file)} --set IMAGE=URI"
    return WrittenReport(
        file=file, command=equivalent(form, answers, more), next_steps=(f"{submit} --dry-run", f"{submit} --follow")
    )
