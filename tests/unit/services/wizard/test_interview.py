"""The walk through the questions: forth, back, again, away; nobody's terminal is needed for it."""

from __future__ import annotations

import pytest

from hpctl.services.wizard.interview import Move
from hpctl.services.wizard.question import KEPT
from hpctl.terms import Outcome
from tests.unit.builders import a_quota
from tests.unit.fakes import FakeAccount
from tests.unit.services.wizard.people import EKS, SLURM, Person, a_form, given, interviewed, says


@pytest.mark.parametrize("answers", [EKS, SLURM], ids=["EKS", "Slurm"])
def test_every_question_is_asked_once_and_each_answer_is_saved(answers: dict[str, str]) -> None:
    person = Person(says(answers))
    told, saved = interviewed(person, a_form(FakeAccount()))
    assert told == given(answers)
    assert sorted(person.names) == sorted(answers)
    assert [len(one) for one in saved] == list(range(1, len(answers) + 1))
    assert person.failures == []


def test_flags_and_drafts_leave_only_what_is_open() -> None:
    person = Person(says(EKS))
    begun = given({name: said for name, said in EKS.items() if name not in ("subnet", "file")})
    told, _saved = interviewed(person, a_form(FakeAccount()), begun)
    assert person.names == ["subnet", "file"]
    assert told == given(EKS)


def test_back_asks_the_question_before_with_its_answer_standing_there() -> None:
    person = Person(says(EKS, count=[Move.BACK, "2"]))
    told, _saved = interviewed(person, a_form(FakeAccount()))
    assert person.names[4:8] == ["instance-type", "count", "instance-type", "count"]
    assert person.asked[6].default == ("ml.p5.48xlarge",)
    assert told == given(EKS)


def test_back_at_the_first_question_stays_there_and_says_so() -> None:
    person = Person(says(EKS, region=[Move.BACK, "us-west-2"]))
    interviewed(person, a_form(FakeAccount()))
    assert person.names[:2] == ["region", "region"]
    assert person.heard == ["this is the first question"]


def test_back_from_the_review_asks_the_last_question() -> None:
    person = Person(says(EKS, file=["a.yaml", "b.yaml"]), reviews=[Move.BACK, Move.WRITE])
    told, _saved = interviewed(person, a_form(FakeAccount()))
    assert told["file"] == ("b.yaml",)


def test_an_answer_that_changes_makes_void_what_rests_on_it_and_nothing_else() -> None:
    person = Person(says(EKS, count=["2", "3"]), reviews=["count", Move.WRITE])
    told, _saved = interviewed(person, a_form(FakeAccount()))
    assert person.names[len(EKS) :] == ["count", "subnet", "security-group"]
    assert person.shown("subnet").default == ("subnet-1",)  # remembered, as it still works
    assert told == given(EKS) | {"count": ("3",)}


def test_the_same_answer_again_makes_nothing_void() -> None:
    person = Person(says(EKS), reviews=["count", Move.WRITE])
    interviewed(person, a_form(FakeAccount()))
    assert person.names[len(EKS) :] == ["count"]


def test_another_orchestrator_asks_other_questions() -> None:
    script = says({**EKS, **SLURM}, orchestrator=["eks", "slurm"])
    person = Person(script, reviews=["orchestrator", Move.WRITE])
    told, _saved = interviewed(person, a_form(FakeAccount()))
    again = person.names[len(EKS) :]
    assert again[:3] == ["orchestrator", "controller-type", "vpc"]
    assert "eks-cluster" not in told


@pytest.mark.parametrize("answers", [EKS, SLURM], ids=["EKS", "Slurm"])
def test_leaving_at_any_question_asks_nothing_more_and_changes_nothing(answers: dict[str, str]) -> None:
    order = [one.name for one in a_form().asked(given(answers))]
    account = FakeAccount()
    for number, name in enumerate(order):
        leaving = Person({name: [KeyboardInterrupt]})
        with pytest.raises(KeyboardInterrupt):
            interviewed(leaving, a_form(account), {one: (answers[one],) for one in order[:number]})
        assert leaving.names == [name]
    changing = ("changes.", "clusters.create", "scripts.put", "state.")
    assert not [call for call in account.calls.made if str(call[0]).startswith(changing)]


def test_an_answer_that_fails_a_check_is_asked_for_again() -> None:
    account = FakeAccount().holding(a_quota(value=4))
    person = Person(says(EKS, count=["99", "2"]))
    told, _saved = interviewed(person, a_form(account))
    assert told["count"] == ("2",)
    (failed,) = person.failures
    assert [(one.check_id, one.outcome) for one in failed] == [("quota-instance-type", Outcome.FAIL)]
    assert str(failed[0]) == "instance group/workers: `ml.p5.48xlarge for cluster usage` allows 4, and 99 are needed"


def test_what_is_kept_although_it_fails_is_remembered_with_the_check() -> None:
    account = FakeAccount().holding(a_quota(value=4))
    person = Person(says(EKS, count=["5"]), keeps=True)
    told, saved = interviewed(person, a_form(account))
    assert told[KEPT] == ("quota-instance-type",)
    assert saved[-1] == told
    assert len(person.failures) == 1  # later questions of the same check do not ask once more


def test_what_was_kept_is_forgotten_when_a_better_answer_comes() -> None:
    account = FakeAccount().holding(a_quota(value=4))
    person = Person(says(EKS, count=["5", "2"]), reviews=["count", Move.WRITE], keeps=True)
    told, _saved = interviewed(person, a_form(account))
    assert (told["count"], KEPT in told) == (("2",), False)


def test_an_answer_that_fails_and_is_given_up_leaves_nothing_behind() -> None:
    account = FakeAccount().holding(a_quota(value=4))
    person = Person(says(EKS, count=["5", "2"]))
    told, _saved = interviewed(person, a_form(account), {KEPT: ("eks-version",)})
    assert told[KEPT] == ("eks-version",)


def test_an_option_that_is_refused_cannot_be_typed_either() -> None:
    person = Person(says(EKS, eks_cluster=["training"], subnet=["subnet-9", "subnet-1"]))
    told, _saved = interviewed(person, a_form(FakeAccount()))
    assert told["subnet"] == ("subnet-1",)
    assert len(person.failures) == 1


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("count", "two", "`--count two` cannot be: Input should be a valid integer"),
        ("name", "a_b", "`--name a_b` cannot be: "),
        ("orchestrator", "k8s", "`--orchestrator k8s` cannot be; choose from `eks`, `slurm`"),
        ("count", "", "`--count` needs an answer"),
        ("file", "there.yaml", "it is there already"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_in_words(name: str, wrong: str, said: str) -> None:
    person = Person(says(EKS, **{name: [wrong, EKS[name]]}))
    told, _saved = interviewed(person, a_form(FakeAccount(), frozenset({"there.yaml"})))
    assert person.heard[0].startswith(said)
    assert told == given(EKS)


def test_without_credentials_everything_is_typed_and_nothing_is_judged() -> None:
    person = Person(says(EKS))
    told, _saved = interviewed(person, a_form())
    assert told == given(EKS)
    shown = person.shown("subnet")
    assert (shown.options, shown.note) == ((), "nothing can be offered: there are no credentials")
    assert [one.value for one in person.shown("instance-type").usable][:1]  # the catalogue needs nobody
    assert person.failures == []


def test_a_flag_that_differs_from_a_draft_makes_void_what_rests_on_it() -> None:
    form = a_form()
    begun = form.continued(given(EKS), {"region": ("eu-west-1",), "name": ("other",)})
    assert begun["region"] == ("eu-west-1",)
    assert not {"eks-cluster", "instance-type", "subnet", "execution-role"} & begun.keys()
    assert begun["orchestrator"] == ("eks",)
    assert form.continued(given(EKS), given(EKS, "region")) == given(EKS)
