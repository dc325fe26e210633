"""Commands, edits, kills and other people's changes in any order: nothing is lost, doubled or touched by mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hpctl.adapters.local.journalfile import JournalFile
from hpctl.errors import ExitCode
from tests.crash.points import NIGHTLY
from tests.crash.process import Ended
from tests.crash.stories import NAME, UNJUDGED, Scene, Stage
from tests.functional.cli import specs

SETTINGS = settings(
    max_examples=400 if NIGHTLY else 14,
    stateful_step_count=25 if NIGHTLY else 10,
    derandomize=not NIGHTLY,
    deadline=None,
    database=None,
    phases=[Phase.generate, *([Phase.shrink] if NIGHTLY else [])],  # shrinking takes minutes
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
REFUSALS = {ExitCode.NOT_FOUND, ExitCode.CONFLICT}
SETTLED_S = 60.0
RUN_ID = "hpctl:run-id"

counts, teams, moments = st.integers(1, 4), st.sampled_from(["nlp", "vision"]), st.integers(1, 30)


class Life(RuleBasedStateMachine):
    """A cluster's life; `wish` is the spec in the file, `foreign` the ARN of a namesake that somebody else made."""

    stage: Stage

    @initialize(count=counts, team=teams)
    def begin(self, count: int, team: str) -> None:
        self.scene: Scene = self.stage.scene("create-slurm")
        self.foreign: str | None = None
        self.made = 0
        self.edit(count, team)

    @rule(count=counts, team=teams)
    def edit(self, count: int, team: str) -> None:
        spec = specs.slurm(NAME, tags={"team": team})
        spec["instance_groups"][1]["count"] = count
        specs.write(self.scene.home, spec, "new.yaml")

    @rule()
    def create(self) -> None:
        self._done(self._run("create", "-f", "new.yaml", *UNJUDGED, "--yes"), {ExitCode.OK, *REFUSALS})

    @rule(at=moments)
    def create_killed(self, at: int) -> None:
        self._run("create", "-f", "new.yaml", *UNJUDGED, "--yes", at=at)

    @rule()
    def update(self) -> None:
        ended = self._run("update", "-f", "new.yaml", *UNJUDGED, "--yes")
        self._done(ended, {ExitCode.OK, *REFUSALS})
        if ended.code == ExitCode.OK:
            assert self._plan().code == ExitCode.OK, "a plan after an update finds something to do"

    @rule(at=moments)
    def update_killed(self, at: int) -> None:
        before = self._live()
        self._run("update", "-f", "new.yaml", *UNJUDGED, "--yes", at=at)
        if before:
            self.update()

    @rule()
    def software_killed_and_again(self) -> None:
        if self._live():
            self._run("update-software", NAME, "--yes", at=16)
            self._done(self._run("update-software", NAME, "--yes"), {ExitCode.OK, ExitCode.CONFLICT})

    @rule()
    def delete(self) -> None:
        there = self._live()
        self._done(self._run("delete", NAME, "--yes"), {ExitCode.OK, *REFUSALS})
        if there and there != self.foreign:
            assert self._live() != there
        if not self._live():
            self.foreign = None

    @rule(at=moments)
    def delete_killed_and_somebody_takes_the_name(self, at: int) -> None:
        there = self._live()
        if there is None or self._run("delete", NAME, "--yes", at=at).code >= 0 or not self._begun():
            return
        self._somebody_deletes(there)
        self.foreign = self._somebody_creates()
        again = self._run("delete", NAME, "--yes")
        assert again.code == ExitCode.OK, again
        assert "another cluster of that name was made since, and stays" in again.err
        assert self._live() == self.foreign

    @precondition(lambda self: self._live())
    @rule(team=teams)
    def somebody_tags(self, team: str) -> None:
        self._aws.add_tags(ResourceArn=self._live(), Tags=[{"Key": "team", "Value": f"{team}-by-hand"}])

    @precondition(lambda self: self._live())
    @rule()
    def somebody_deletes(self) -> None:
        self._somebody_deletes(str(self._live()))
        self.foreign = None

    @precondition(lambda self: not self._live())
    @rule()
    def somebody_creates(self) -> None:
        self.foreign = self._somebody_creates()

    @rule()
    def plan(self) -> None:
        first, second = self._plan(), self._plan()
        assert first.code in {ExitCode.OK, ExitCode.CHANGES, ExitCode.CONFLICT}, first
        assert (first.code, first.out) == (second.code, second.out)

    @invariant()
    def journals_parse(self) -> None:
        for path in self.scene.state.rglob("*.jsonl") if hasattr(self, "scene") else ():
            assert all(line["entry"] for line in JournalFile(path).lines())

    @invariant()
    def there_is_one_cluster_at_most(self) -> None:
        rows = self._aws.list_clusters()["ClusterSummaries"]
        assert len(rows) <= 1
        if self.__dict__.get("foreign") and rows:
            assert rows[0]["ClusterArn"] == self.foreign

    @property
    def _aws(self) -> Any:
        return self.stage.sandbox.client("sagemaker")

    def _live(self) -> str | None:
        """The ARN of the cluster, when it is one that can be worked on."""
        rows = self._aws.list_clusters()["ClusterSummaries"]
        return str(rows[0]["ClusterArn"]) if rows else None

    def _run(self, *words: str, at: int = 0) -> Ended:
        self.stage.time.sleep(SETTLED_S)  # so that nobody meets a cluster that AWS still works on
        fate = {"disk": {"at": at, "fate": "SIGKILL"}} if at else {}
        ended = self.scene.run("cluster", *words, **fate)
        assert ended.is_sound, ended
        self.stage.time.sleep(SETTLED_S)
        return ended

    def _plan(self) -> Ended:
        words = ("plan", "-f", "new.yaml", *UNJUDGED, "--detailed-exitcode")
        return self._run(*words, "-o", "json", "--query", "[state, actions[].verb]")

    def _done(self, ended: Ended, codes: set[ExitCode]) -> None:
        assert ended.code in codes, ended

    def _begun(self) -> bool:
        (journal,) = self.scene.state.rglob("*.jsonl")
        last = json.loads(journal.read_bytes().splitlines()[-1])
        return last["purpose"] == "delete" and last["entry"] in {"intent", "effect"}

    def _somebody_deletes(self, arn: str) -> None:
        if self._live():
            self._aws.delete_cluster(ClusterName=arn)
        self.stage.time.sleep(SETTLED_S)
        assert not self._live()

    def _somebody_creates(self) -> str:
        seed = self.stage.sandbox.seed
        group = {
            "InstanceGroupName": "theirs",
            "InstanceType": "ml.c5.xlarge",
            "InstanceCount": 1,
            "ExecutionRole": seed["EXECUTION_ROLE"],
            "LifeCycleConfig": {"SourceS3Uri": f"s3://{seed['BUCKET_NAME']}", "OnCreate": "on_create.sh"},
        }
        arn = str(self._aws.create_cluster(ClusterName=NAME, InstanceGroups=[group])["ClusterArn"])
        self.stage.time.sleep(SETTLED_S)
        return arn


@pytest.mark.timeout(7200 if NIGHTLY else 600)
def test_any_order(stage: Stage) -> None:
    class OnStage(Life):
        pass

    OnStage.stage = stage
    run_state_machine_as_test(OnStage, settings=SETTINGS)
