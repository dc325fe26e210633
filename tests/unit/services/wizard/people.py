"""Somebody who answers a wizard from a script, and the form of a cluster over an account in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from hpctl.errors import AccessError
from hpctl.facts.world import World
from hpctl.services.wizard.cluster_choices import Sight
from hpctl.services.wizard.cluster_form import cluster_form
from hpctl.services.wizard.interview import Interview, Move
from hpctl.services.wizard.prepare import Prepared
from hpctl.services.wizard.question import Answers, Form, Objection
from tests.unit.builders import REGION, ROLE
from tests.unit.fakes import FakeAccount

_PATIENCE = 50
"""Questions after which an interview goes in circles."""

Said = str | tuple[str, ...] | Move | type[KeyboardInterrupt]

EKS: Mapping[str, str] = {
    "region": REGION,
    "orchestrator": "eks",
    "name": "hyperpod",
    "eks-cluster": "training",
    "instance-type": "ml.p5.48xlarge",
    "count": "2",
    "subnet": "subnet-1",
    "security-group": "sg-nodes",
    "execution-role": ROLE,
    "scripts": "s3://sagemaker-x/lc",
    "on-create": "on_create.sh",
    "volume-gb": "500",
    "deep-health-checks": "no",
    "file": "cluster.yaml",
}
"""Answers that all checks pass, in the order of the questions."""

SLURM: Mapping[str, str] = {
    **{name: EKS[name] for name in ("region", "name", "instance-type", "count")},
    "orchestrator": "slurm",
    "controller-type": "ml.c5.2xlarge",
    "vpc": "vpc-1",
    **{name: EKS[name] for name in ("subnet", "security-group", "execution-role", "scripts", "on-create")},
    "volume-gb": "500",
    "fsx": "none",
    "file": "cluster.yaml",
}


@dataclass
class Person:
    """Answers each question by its name, one answer after the other; without one takes what stands there."""

    says: dict[str, list[Said]] = field(default_factory=dict)
    reviews: list[str | Move] = field(default_factory=lambda: [Move.WRITE])
    keeps: bool = False
    asked: list[Prepared] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    waited_for: list[str] = field(default_factory=list)
    failures: list[tuple[Objection, ...]] = field(default_factory=list)

    def ask(self, question: Prepared) -> tuple[str, ...] | Move:
        self.asked.append(question)
        assert len(self.asked) < _PATIENCE, f"asked for ever: {self.names[-3:]}, told {self.heard[-3:]}"
        script = self.says.get(question.name)
        said: Said = script.pop(0) if script else question.default
        if said is KeyboardInterrupt:
            raise KeyboardInterrupt
        assert not isinstance(said, type)
        return (said,) if isinstance(said, str) else said

    def keep(self, objections: tuple[Objection, ...]) -> bool:
        self.failures.append(objections)
        return self.keeps

    def review(self, answers: Answers) -> str | Move:
        return self.reviews.pop(0)

    def tell(self, text: str) -> None:
        self.heard.append(text)

    def looking(self, text: str) -> AbstractContextManager[None]:
        self.waited_for.append(text)
        return nullcontext()

    @property
    def names(self) -> list[str]:
        """The questions that were asked, in order."""
        return [one.name for one in self.asked]

    def shown(self, name: str) -> Prepared:
        """Return a question as it was last asked."""
        return next(one for one in reversed(self.asked) if one.name == name)


def says(answers: Mapping[str, str], **others: Sequence[Said]) -> dict[str, list[Said]]:
    """Return a script of these answers, with `others` in place of some."""
    script: dict[str, list[Said]] = {name: [said] for name, said in answers.items()}
    return script | {name.replace("_", "-"): list(said) for name, said in others.items()}


def a_form(account: FakeAccount | None = None, taken: frozenset[str] = frozenset()) -> Form[Sight]:
    """Return the form of a cluster; without an account nobody can be asked."""
    if account is None:
        error = AccessError("there are no credentials")
        sight = Sight(World(error), REGION, error)
    else:
        sight = Sight(account.world, REGION)
    return cluster_form(lambda _answers: sight, lambda file: "it is there already" if file in taken else None)


def interviewed(person: Person, form: Form[Sight], begun: Answers | None = None) -> tuple[Answers, list[Answers]]:
    """Let a person be asked; return all answers, and what was saved on the way."""
    saved: list[Answers] = []
    return Interview(form, person, saved.append).run(begun or {}), saved


def given(answers: Mapping[str, str], *names: str) -> dict[str, tuple[str, ...]]:
    """Return some of the answers, or all of them, as flags give them."""
    return {name: (said,) for name, said in answers.items() if not names or name in names}
