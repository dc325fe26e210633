"""Scripts for sbatch as people write them: each is found to have what its comments say, and nothing else.

`# finds: CHECK: words` stands for a finding that fails or warns, `# notes: CHECK: words` for one that informs.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from hpctl.checks.catalogue import SLURM_JOB_CHECKS
from hpctl.facts.slurm_nodes import SlurmNode, SlurmPartition
from hpctl.facts.slurm_site import SlurmSite
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.report.check import CheckReport
from hpctl.services.create import Judging
from hpctl.services.slurm_job.judge import judge_on_slurm
from hpctl.spec.job_load import load_job
from hpctl.spec.job_wish import JobNotation
from hpctl.spec.sbatch import SbatchScript
from tests.in_turn import in_turn
from tests.unit.fakes import FakeAccount

FOLDER = Path(__file__).parent.parent / "spec" / "wild_sbatch"
FILES = sorted(path.name for path in FOLDER.iterdir())
EXPECTED = re.compile(r"^# (finds|notes): (?P<check>[\w-]+): (?P<words>.*?)\r?$", re.MULTILINE)


def a_node(number: int, kind: str, partition: str, gres: str) -> SlurmNode:
    return SlurmNode(f"ip-10-1-{number}", "IDLE", (partition,), gres, (kind,), 96, 1024)


SITE = SlurmSite(
    folder="/fsx/ubuntu/.hpctl/jobs/x",
    cluster="ml",
    nodes=(
        *(a_node(number, "ml.p5.48xlarge", "dev", "gpu:8(S:0-1)") for number in range(4)),
        *(a_node(number, "ml.trn1.32xlarge", "trn", "") for number in (8, 9)),
    ),
    partitions=(
        SlurmPartition("dev", "UP", is_default=True, max_time="7-00:00:00"),
        SlurmPartition("trn", "UP", max_time="UNLIMITED"),
    ),
    containers=True,
)


def script(name: str) -> SbatchScript:
    loaded = load_job(FOLDER / name, env={})
    assert loaded.notation is JobNotation.SBATCH
    assert isinstance(loaded.wish, SbatchScript)
    return loaded.wish


@cache
def judged(name: str) -> CheckReport:
    wish = script(name)
    return judge_on_slurm(JobOnSlurm(wish.name, SITE, wish), FakeAccount().world, Judging())


def found(name: str, levels: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (result.id, finding.message)
        for result in judged(name).results
        for finding in result.findings
        if finding.level in levels
    ]


def expected(name: str, word: str) -> list[tuple[str, str]]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [(one["check"], one["words"]) for one in EXPECTED.finditer(text) if one[1] == word]


@in_turn("name", FILES)
@pytest.mark.parametrize(("word", "levels"), [("finds", ("fail", "warn")), ("notes", ("note",))])
def test_a_script_has_what_its_comments_say_and_nothing_else(name: str, word: str, levels: tuple[str, ...]) -> None:
    left = found(name, levels)
    for check_id, words in expected(name, word):
        hit = next((one for one in left if one[0] == check_id and words in one[1]), None)
        assert hit is not None, (check_id, words, left)
        left.remove(hit)
    assert left == []


@in_turn("name", FILES)
def test_findings_name_the_file_and_the_line(name: str) -> None:
    for result in judged(name).results:
        for one in result.findings:
            assert re.match(rf"{re.escape(str(FOLDER / name))}:\d+:\d+$|job/", one.subject)
            assert not one.message.endswith(".")
            assert one.remedy or one.level == "note"


def test_every_check_of_scripts_has_one_that_it_complains_of() -> None:
    complaining = {check_id for name in FILES for check_id, _ in expected(name, "finds")}
    assert {one.id for one in SLURM_JOB_CHECKS} - {"sbatch-fits"} == complaining


def test_scripts_are_submitted_to_the_letter() -> None:
    for name in FILES:
        assert script(name).text.encode() == (FOLDER / name).read_bytes()
