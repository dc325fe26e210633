"""The commands that change clusters, each with the account that it finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpctl.adapters.local.journalfile import JournalFile
from hpctl.checks.catalogue import CLUSTER_CHECKS
from hpctl.errors import ExitCode
from hpctl.sandbox.past import Snapshot
from tests.crash.hold import holding
from tests.crash.process import Ended, Running, Zygote
from tests.crash.sharedtime import SharedTime
from tests.faults import digest as account
from tests.faults.digest import Digest
from tests.faults.inside import Inside
from tests.functional.cli import specs

NAME = "a"
_BEFORE = {"tags": {"team": "old", "gone": "soon"}}
_NOW = {"tags": {"team": "new"}, "protection": True}
_MORE = specs.group("more", "ml.c5.4xlarge", 1, slurm={"node_type": "Compute", "partition_names": ["train"]})


def _slurm(**members: Any) -> specs.Spec:
    return specs.slurm(NAME, **members)


def _changed() -> specs.Spec:
    spec = _slurm(**_NOW)
    spec["instance_groups"][1]["count"] = 3
    spec["instance_groups"].append(_MORE)
    return spec


@dataclass(frozen=True)
class Story:
    """A command: its words, and the specs that it reads; `on` says that there is a cluster to begin with.

    `files` lie beside the specs.
    """

    verb: str
    words: tuple[str, ...]
    spec: specs.Spec | None = None
    on: bool = True
    noun: tuple[str, ...] = ("cluster",)
    files: Mapping[str, str] = field(default_factory=dict)


UNJUDGED = tuple(word for check in CLUSTER_CHECKS for word in ("--skip", check.id))
"""The checks only read, and dozens of calls: one story has them."""

STORIES = {
    "create-judged": Story("create", ("create", "-f", "new.yaml"), specs.eks(NAME), on=False),
    "create-eks": Story("create", ("create", "-f", "new.yaml", *UNJUDGED), specs.eks(NAME), on=False),
    "create-slurm": Story("create", ("create", "-f", "new.yaml", *UNJUDGED), specs.slurm(NAME), on=False),
    "update": Story("update", ("update", "-f", "new.yaml", *UNJUDGED), _changed()),
    "update-software": Story("update-software", ("update-software", NAME)),
    "delete": Story("delete", ("delete", NAME)),
}


AILING = specs.eks(
    NAME,
    specs.group(
        "workers",
        "ml.c5.4xlarge",
        execution_role="${NO_VPC_ROLE}",
        lifecycle={"source_s3_uri": "s3://${BUCKET_NAME}/mine", "on_create": "on_create.sh"},
    ),
    orchestrator={"eks": {"cluster_arn": "${CONFIG_MAP_CLUSTER_ARN}"}},
    network={"subnet_ids": ["${SUBNET_ID}"], "security_group_ids": ["${NO_SELF_REFERENCE_SECURITY_GROUP}"]},
)
_JUDGED = ("eks-auth-mode", "network-sg-self-ref", "iam-exec-vpc", "lifecycle-entrypoint-present")
FIX = Story(
    "fix",
    ("-f", "new.yaml", "--fix", *(word for check in _JUDGED for word in ("--only", check))),
    AILING,
    on=False,
    noun=("doctor",),
    files={"lifecycle/on_create.sh": "#!/bin/bash\ntrue\n", "lifecycle/more.sh": "true\n"},
)
TOLD = {**STORIES, "fix": FIX}
"""Every story; that of a fix is about no cluster, and interruptions tell of it in other words."""


@dataclass(frozen=True)
class Start:
    """The account before a command."""

    account: Snapshot
    attempt: int
    passed_s: float


@dataclass(frozen=True)
class Undisturbed:
    """How a command goes when nothing disturbs it; `writes` is what it does to its records."""

    calls: tuple[str, ...]
    taken: tuple[str, ...]
    writes: tuple[str, ...]
    digest: Digest


@dataclass
class Stage:
    """A sandbox in this process, and the commands that reach it from theirs."""

    sandbox: Inside
    time: SharedTime
    zygote: Zygote
    folder: Path
    _starts: dict[str, Start] = field(default_factory=dict)
    _undisturbed: dict[str, Undisturbed] = field(default_factory=dict)
    _homes: Iterator[Path] = field(init=False)

    def __post_init__(self) -> None:
        self._homes = (self.folder / f"home{number}" for number in range(10_000))

    def scene(self, name: str) -> Scene:
        """Set the scene for a story: the account as the command finds it, and no records."""
        self.undisturbed(name)
        return self._set(name)

    def _set(self, name: str) -> Scene:
        start = self._start("cluster" if TOLD[name].on else "seed")
        self.sandbox.reset()
        start.account.restore()
        self.sandbox._gateway._attempt = start.attempt
        self.time.reset(start.passed_s)
        return self._scene(name)

    def undisturbed(self, name: str) -> Undisturbed:
        """Return how the story goes by itself."""
        if name not in self._undisturbed:
            scene = self._set(name)
            with holding(self.sandbox.proxy) as seen:
                running = scene.start()
                ended = running.end()
            assert ended.code == 0, ended
            self._undisturbed[name] = Undisturbed(
                tuple(seen.seen), tuple(seen.taken), tuple(running.disk), digest(self.sandbox)
            )
        return self._undisturbed[name]

    def _scene(self, name: str) -> Scene:
        home = next(self._homes)
        home.mkdir()
        if spec := TOLD[name].spec:
            specs.write(home, spec, "new.yaml")
        for path, text in TOLD[name].files.items():
            (home / path).parent.mkdir(exist_ok=True)
            (home / path).write_text(text, encoding="utf-8")
        return Scene(self, name, home)

    def _start(self, kind: str) -> Start:
        if kind not in self._starts:
            self.sandbox.reset()
            if kind == "cluster":
                home = self._scene("delete").home
                specs.write(home, _slurm(**_BEFORE))
                ended = Scene(self, "delete", home).run("cluster", "create", "-f", "cluster.yaml", "--yes")
                assert ended.code == 0, ended
            gateway = self.sandbox._gateway
            self._starts[kind] = Start(Snapshot.take(), gateway._attempt, self.time.passed_s)
        return self._starts[kind]


@dataclass(frozen=True)
class Scene:
    """A story about to be told; `home` is where its command works and keeps its records."""

    stage: Stage
    name: str
    home: Path

    @property
    def story(self) -> Story:
        return TOLD[self.name]

    @property
    def words(self) -> tuple[str, ...]:
        return (*self.story.noun, *self.story.words, "--yes")

    @property
    def env(self) -> Mapping[str, str]:
        return {**self.stage.sandbox.environ, "HPCTL_STATE_HOME": str(self.state)}

    @property
    def state(self) -> Path:
        """The folder of its records."""
        return self.home / "state"

    def start(self, *words: str, env: Mapping[str, str | None] | None = None, **more: Any) -> Running:
        """Start the story's command, or another; None in `env` unsets."""
        told = {name: value for name, value in {**self.env, **(env or {})}.items() if value is not None}
        return self.stage.zygote.start(*(words or self.words), env=told, cwd=self.home, **more)

    def run(self, *words: str, **more: Any) -> Ended:
        """Run the story's command, or another, to its end."""
        return self.start(*words, **more).end()

    def converges(self, taken: list[str] | None = None) -> Iterator[str]:
        """Run the command again and yield what is wrong then; `taken` is what AWS took from the first run.

        Where that is over, and written down as that, a command which asks for a deed and no state begins another.
        """
        undisturbed = self.stage.undisturbed(self.name)
        over = self.is_over
        with holding(self.stage.sandbox.proxy) as hold:
            again = self.run()
        wanted = ExitCode.NOT_FOUND if over and self.story.verb == "delete" else ExitCode.OK
        if again.code != wanted or not again.is_sound:
            yield f"again: {again}"
        if (seen := digest(self.stage.sandbox)) != undisturbed.digest:
            yield f"another end: {_difference(undisturbed.digest, seen)}; again: {again}"
        anew = over and self.story.verb == "update-software"
        if taken is not None and not anew and sorted([*taken, *hold.taken]) != sorted(undisturbed.taken):
            yield f"AWS took {taken} and then {hold.taken}, undisturbed {undisturbed.taken}"

    @property
    def is_over(self) -> bool:
        """Whether the journal says that the run is done."""
        found = (JournalFile(path).lines() for path in (self.state / "clusters").glob("*.jsonl"))
        return any(line["entry"] == "done" for lines in found for line in lines)


def digest(sandbox: Inside) -> Digest:
    """Return what the account holds; not its log groups, which the sandbox fills when somebody asks for them."""
    return {kind: held for kind, held in account.digest(sandbox).items() if kind != "log groups"}


def _difference(wanted: Digest, seen: Digest) -> dict[str, tuple[list[str], list[str]]]:
    return {kind: (wanted[kind], seen[kind]) for kind in wanted if wanted[kind] != seen[kind]}
