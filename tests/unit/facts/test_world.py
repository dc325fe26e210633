"""The world: lazy, asked once even by many threads, and it remembers refusals."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event

import pytest

from hpctl.errors import AccessError, NotFoundError, UnavailableError
from hpctl.facts.jobs import Pod
from hpctl.facts.records import EksCluster, Identity, KmsKey
from hpctl.facts.world import World
from tests.unit.builders import KEY_ARN, NOW, ROLE, a_cluster, a_security_group, a_subnet, an_eks_cluster, an_identity
from tests.unit.fake_access import FakeCaller
from tests.unit.fake_calls import CallLog
from tests.unit.fake_kubernetes import FakeEks
from tests.unit.fakes import FakeAccount

Ask = Callable[[World], object]

QUESTIONS: dict[str, Ask] = {
    "caller.identity": World.identity,
    "caller.clock_skew_s": World.clock_skew_s,
    "caller.credentials_left_s": World.credentials_left_s,
    "network.subnets": lambda world: world.subnets(["subnet-1"]),
    "network.security_groups": lambda world: world.security_groups(["sg-nodes"]),
    "eks.describe": lambda world: world.eks_cluster("training"),
    "storage.encryption_key": lambda world: world.encryption_key("sagemaker-x", "lc/on_create.sh"),
    "keys.key": lambda world: world.kms_key(KEY_ARN),
    "keys.actions_by_policy": lambda world: world.actions_by_key_policy(KEY_ARN, ROLE),
    "clusters.describe": lambda world: world.cluster("ml-cluster"),
    "clusters.tags": lambda world: world.cluster_tags(a_cluster().arn),
}
ANSWERS: dict[str, object] = {
    "caller.identity": an_identity(),
    "caller.clock_skew_s": 0.4,
    "caller.credentials_left_s": None,
    "network.subnets": {"subnet-1": a_subnet()},
    "network.security_groups": {"sg-nodes": a_security_group()},
    "eks.describe": an_eks_cluster(),
    "storage.encryption_key": None,
    "keys.key": KmsKey(KEY_ARN),
    "keys.actions_by_policy": frozenset(),
    "clusters.describe": a_cluster(),
    "clusters.tags": {"team": "nlp"},
}

each_question = pytest.mark.parametrize("operation", list(QUESTIONS))


def an_account() -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster(), team="nlp")
    return account


def test_a_new_world_asks_nothing() -> None:
    assert an_account().calls.made == []


@each_question
def test_an_answer_is_fetched_once_and_remembered(operation: str) -> None:
    account = an_account()
    answers = [QUESTIONS[operation](account.world) for _ in range(3)]
    assert answers == [ANSWERS[operation]] * 3
    assert account.calls.operations == [operation]


@each_question
@pytest.mark.parametrize("error", [AccessError("denied", action="x:Look"), UnavailableError("no answer")])
def test_a_refusal_is_remembered_like_an_answer(operation: str, error: AccessError) -> None:
    account = an_account()
    account.calls.fail(operation, error)
    for _ in range(2):
        with pytest.raises(type(error)) as raised:
            QUESTIONS[operation](account.world)
        assert raised.value is error
    assert account.calls.operations == [operation]


@each_question
def test_a_bug_is_not_remembered_as_an_answer(operation: str) -> None:
    account = an_account()
    account.calls.fail(operation, TypeError("a bug"))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        QUESTIONS[operation](account.world)
    assert QUESTIONS[operation](account.world) == ANSWERS[operation]


def test_what_does_not_exist_is_none_and_asked_once() -> None:
    account = FakeAccount()
    world = account.world
    assert [world.cluster("gone"), world.cluster("gone"), world.eks_cluster("gone"), world.eks_cluster("gone")] == [
        None,
        None,
        None,
        None,
    ]
    assert account.calls.operations == ["clusters.describe", "eks.describe"]


def test_ids_that_do_not_exist_are_left_out() -> None:
    world = FakeAccount().world
    assert set(world.subnets(["subnet-1", "subnet-x"])) == {"subnet-1"}
    assert set(world.security_groups(["sg-x", "sg-nodes"])) == {"sg-nodes"}


def test_a_repeated_id_is_asked_for_once() -> None:
    account = FakeAccount()
    account.world.subnets(["subnet-1", "subnet-1"])
    assert account.calls.made == [("network.subnets", ("subnet-1",))]


def test_different_things_are_asked_for_apart() -> None:
    account = an_account()
    with pytest.raises(NotFoundError):
        account.ports.eks.describe("other")
    assert account.world.eks_cluster("other") is None
    assert account.world.eks_cluster("training") == an_eks_cluster()


class SlowCaller(FakeCaller):
    """Answers only when somebody else asks meanwhile, or when it is sure that nobody does."""

    def __init__(self) -> None:
        super().__init__(CallLog())
        self.asked = 0
        self._another = Event()

    def identity(self) -> Identity:
        self.asked += 1
        if self.asked > 1:
            self._another.set()
        self._another.wait(0.2)
        return an_identity()


def test_many_threads_that_ask_at_once_cause_one_call() -> None:
    caller, start = SlowCaller(), Barrier(8, timeout=10)
    world = World(replace(FakeAccount().ports, caller=caller))

    def ask(_number: int) -> Identity:
        start.wait()
        return world.identity()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert caller.asked == 1
    assert answers == [an_identity()] * 8


def test_different_facts_are_fetched_side_by_side() -> None:
    together = Barrier(2, timeout=10)

    class Meets(FakeCaller, FakeEks):
        def identity(self) -> Identity:
            together.wait()
            return an_identity()

        def describe(self, name: str) -> EksCluster:
            together.wait()
            return an_eks_cluster(name)

    world = World(replace(FakeAccount().ports, caller=Meets(CallLog()), eks=Meets(CallLog())))
    with ThreadPoolExecutor(2) as pool:
        identity = pool.submit(world.identity)
        cluster = pool.submit(world.eks_cluster, "training")
    assert (identity.result(), cluster.result()) == (an_identity(), an_eks_cluster())


def test_a_world_without_a_way_to_ask_gives_the_reason_to_every_question() -> None:
    reason = UnavailableError("nobody is asked")
    for ask in QUESTIONS.values():
        with pytest.raises(UnavailableError, match="nobody is asked"):
            ask(World(reason))


def test_what_is_in_use_on_a_node_is_what_its_pods_ask_for_until_they_end() -> None:
    account = FakeAccount()

    def pod(name: str, node: str | None, phase: str, **requests: str) -> Pod:
        return Pod("a", name, name, NOW, phase, node, None, None, None, {}, requests=requests)

    account.jobs.known_pods = [
        pod("one", "n-1", "Running", cpu="500m", memory="1Gi"),
        pod("two", "n-1", "Pending", cpu="2"),
        pod("over", "n-1", "Succeeded", cpu="64"),
        pod("failed", "n-2", "Failed", cpu="64"),
        pod("nowhere", None, "Pending", cpu="64"),
    ]
    world = World(account.ports)
    assert world.in_use(an_eks_cluster()) == {"n-1": {"cpu": 2.5, "memory": 2.0**30}}
    assert world.in_use(an_eks_cluster()) == {"n-1": {"cpu": 2.5, "memory": 2.0**30}}
    assert account.calls.of("jobs.pods") == [(None, "")]
