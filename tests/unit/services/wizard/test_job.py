"""The questions of `hpctl job init`: how a model goes on each type, and what it would take."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl.adapters.local.hub import LocalHub
from hpctl.errors import ChecksFailedError, UnconfirmedError, UsageError
from hpctl.estimate.training import Task
from hpctl.services.model.identify import Network
from hpctl.services.model.question import Question as Wish
from hpctl.services.wizard.interview import Interview
from hpctl.services.wizard.job import Shelf, job_form, written
from hpctl.services.wizard.prepare import prepared
from hpctl.services.wizard.question import Answers, Form
from hpctl.services.wizard.unasked import complete
from tests.unit.services.wizard.people import Person, Said

MODEL = "meta-llama/Llama-3.1-70B"
P5 = "ml.p5.48xlarge"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Where no model is on the disk, and the Hub is not asked."""
    return Shelf(LocalHub({"HF_HOME": str(tmp_path)}), Network.OFF, Wish(Task.FINETUNE, sequence=2048))


@pytest.fixture
def form(shelf: Shelf) -> Form[Shelf]:
    return job_form(shelf, lambda _file: None, to_file=True)


def refusals(form: Form[Shelf], answers: Answers) -> dict[str, str | None]:
    question = prepared(form, form.named("instance-type"), answers, {})
    return {one.value: one.refused for one in question.options}


def test_a_type_that_is_too_small_says_what_it_would_take(form: Form[Shelf]) -> None:
    reasons = refusals(form, {"model": (MODEL,), "task": ("finetune",), "nodes": ("1",)})
    assert str(reasons[P5]).startswith(f"it does on 2 x {P5}: ")
    assert None in reasons.values()


def test_as_few_nodes_as_it_takes_are_enough(form: Form[Shelf]) -> None:
    assert refusals(form, {"model": (MODEL,), "nodes": ("fewest",)})[P5] is None


def test_somebody_is_asked_for_everything_once(form: Form[Shelf], shelf: Shelf) -> None:
    script: dict[str, list[Said]] = {"model": ["no-such-model", MODEL], "nodes": ["none", "3"], "instance-type": [P5]}
    person = Person(script)
    answers = Interview(form, person, lambda _answers: None).run({})
    assert person.names == ["model", "model", "task", "nodes", "nodes", "instance-type", "file"]
    assert "no model `no-such-model` is known here" in person.heard[0]
    assert person.heard[1] == "`--nodes none` cannot be; write a number from 1, or `fewest`"
    text = shelf.text(answers)
    assert f"nodes: 3\ninstance_type: {P5}\n" in text
    assert "seq_len: 2048" in text


def test_a_layout_that_does_not_fit_is_told_and_kept_only_on_purpose(form: Form[Shelf], shelf: Shelf) -> None:
    begun = {"model": (MODEL,), "task": ("finetune",), "nodes": ("1",)}
    person = Person({"instance-type": ["ml.g5.xlarge", "ml.p6-b200.48xlarge"]})
    answers = Interview(form, person, lambda _answers: None).run(begun)
    assert answers["instance-type"] == ("ml.p6-b200.48xlarge",)
    assert len(person.failures) == 1
    with pytest.raises(ChecksFailedError):
        shelf.text({**answers, "instance-type": ("ml.g5.xlarge",)})


def test_flags_leave_nothing_open(form: Form[Shelf], shelf: Shelf) -> None:
    with pytest.raises(UnconfirmedError) as raised:
        complete(form, {})
    assert raised.value.hint == "add --model, --instance-type"
    with pytest.raises(UsageError, match="`--task dance` cannot be"):
        complete(form, {"task": ("dance",)})
    told = complete(form, {"model": (MODEL,), "instance-type": (P5,)})
    assert (told["task"], told["nodes"], told["file"]) == (("finetune",), ("fewest",), ("job.yaml",))
    report = written(form, told, shelf.flags())
    assert report.command.startswith(f"hpctl job init --seq-len 2048 --model {MODEL}")
    assert report.next_steps[0] == "hpctl job submit job.yaml --set IMAGE=URI --dry-run"


def test_without_a_file_none_is_asked_for(shelf: Shelf) -> None:
    form = job_form(shelf, lambda _file: None, to_file=False)
    assert "file" not in complete(form, {"model": (MODEL,), "instance-type": (P5,)})
