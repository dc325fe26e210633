"""What the scripts of a compiled job do under a real bash; Slurm's own programs are stood in for."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hpctl.compile.bundle import Payload
from hpctl.errors import UsageError
from hpctl.spec.job import Contract, JobSpec, Resume
from tests.functional.slurm_script.standins import StandIns

AWKWARD = (
    *("", " ", "\n", "a\nb\n", "'", '"', "it's", '"q"', "$(touch hacked)", "`touch hacked`", "a,b", "a=b", "$HOME"),
    *(
        "${x}",
        "\\",
        "\\n",
        "a\\",
        "#",
        "# x",
        "!",
        "é",
        "\u2028",
        "日本",
        "a\tb",
        "\r\n",
        "*",
        "~",
        "-n",
        "--",
        "%s",
        "%j",
    ),
    *(";", "&", "|", "<", ">", "(", "\x01\x02\x7f", "\x1b[31m", "x" * 100_000, "'\\''", "$'\\n'", "EOF\n", "\ufeff"),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
VALUES = st.dictionaries(
    st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,12}", fullmatch=True).map(lambda name: f"T_{name}"),
    TEXT | st.sampled_from(AWKWARD),
    max_size=8,
)
RUNS = count()
SHOW = "/usr/bin/env -0"


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> StandIns:
    return StandIns.in_folder(tmp_path_factory.mktemp("slurm"))


def variables(log: str) -> dict[str, str]:
    return {name: value for name, _, value in (row.partition("=") for row in log.split("\0"))}


def job(**members: object) -> JobSpec:
    return JobSpec.model_validate({"name": "train", **members})


def a_name() -> str:
    return f"job-{next(RUNS)}"


@pytest.mark.scorecard(46, 52)
@pytest.mark.parametrize("contract", Contract)
@given(env=VALUES, secrets=VALUES)
@settings(
    max_examples=50, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
def test_values_reach_the_scripts_to_the_letter(
    slurm: StandIns, contract: Contract, env: dict[str, str], secrets: dict[str, str]
) -> None:
    secrets = {name: value for name, value in secrets.items() if name not in env}
    spec = job(run=SHOW, env=env, secrets=tuple(secrets), contract=contract)
    ran = slurm.run(spec, Payload(run_id="r", secrets=secrets), a_name())
    assert ran.code == 0, ran.log("batch")
    seen = variables(ran.log(0))
    assert {name: seen.get(name) for name in (*env, *secrets)} == {**env, **secrets}
    assert not list(slurm.root.rglob("hacked"))
    assert not (ran.folder / "secrets").exists()


def test_values_are_neither_in_the_script_nor_in_what_srun_is_started_with(slurm: StandIns) -> None:
    seen = slurm.root / "seen"
    spec = job(run="true", env={"PLAIN": "plain-value"}, secrets=("TOKEN",))
    ran = slurm.run(spec, Payload(run_id="r", secrets={"TOKEN": "secret-value"}), a_name(), SEEN=str(seen))
    assert ran.code == 0
    for text in (ran.bundle.script, seen.read_text(encoding="utf-8")):
        assert "plain-value" not in text
        assert "secret-value" not in text


@pytest.mark.parametrize("name", ["UID", "SHELLOPTS", "RANDOM", "BASH_VERSINFO", "_", "PWD", "hpctl_nodes"])
def test_a_variable_that_bash_keeps_to_itself_is_refused(slurm: StandIns, name: str) -> None:
    with pytest.raises(UsageError, match=f"the variable `{name}`"):
        slurm.written(job(run="true", env={name: "x"}), Payload(run_id="r"), a_name())


def test_ranks_are_told_what_torchrun_needs(slurm: StandIns) -> None:
    ran = slurm.run(job(run=f"pwd >place-$RANK; {SHOW}", nodes=2), name=a_name())
    told = [variables(ran.log(rank)) for rank in (0, 1)]
    assert [one["RANK"] for one in told] == [one["PET_NODE_RANK"] for one in told] == ["0", "1"]
    assert {one["MASTER_ADDR"] for one in told} == {"10.0.0.0"}
    assert {(one["WORLD_SIZE"], one["NNODES"], one["MASTER_PORT"]) for one in told} == {("2", "2", "29500")}
    places = {(ran.folder / "workdir" / f"place-{rank}").read_text(encoding="utf-8").strip() for rank in (0, 1)}
    assert places == {str(ran.folder / "workdir")}


def test_tasks_of_skypilot_have_its_variables_and_a_home_of_their_own(slurm: StandIns) -> None:
    spec = job(setup=f"pwd; {SHOW} >setup-$SKYPILOT_SETUP_NODE_RANK", run=SHOW, nodes=2, contract=Contract.SKYPILOT)
    ran = slurm.run(spec, Payload(run_id="r", user="ada"), a_name())
    assert ran.code == 0, ran.log(0)
    told = variables(ran.log(1).partition("\n")[2])
    assert (told["SKYPILOT_NODE_RANK"], told["SKYPILOT_NUM_NODES"], told["SKYPILOT_USER"]) == ("1", "2", "ada")
    assert told["SKYPILOT_NODE_IPS"] == "10.0.0.0\n10.0.0.1"
    assert told["HOME"] == str(ran.folder / "home")
    assert ran.log(1).startswith(str(ran.folder / "home" / "sky_workdir"))
    assert (ran.folder / "home" / "sky_workdir" / "setup-1").exists()


def test_no_node_runs_before_all_are_set_up(slurm: StandIns) -> None:
    setup = "[ $RANK = 0 ] || sleep 2; touch ready-$RANK"
    ran = slurm.run(job(setup=setup, run="ls", nodes=3), name=a_name())
    assert ran.code == 0
    assert {ran.log(rank) for rank in range(3)} == {"ready-0\nready-1\nready-2\n"}


def test_a_failure_in_setup_is_told_and_nobody_runs(slurm: StandIns) -> None:
    ran = slurm.run(job(setup="[ $RANK != 1 ] || exit 9", run="echo never", nodes=2), name=a_name())
    assert ran.code == 9
    assert {name: ran.ended[name] for name in ("exit", "rank", "phase")} == {"exit": "9", "rank": "1", "phase": "setup"}
    assert "never" not in ran.log(0) + ran.log(1)
    assert "ended because rank 1 failed" in ran.log(0)


def test_the_first_failure_counts(slurm: StandIns) -> None:
    run = "[ $RANK = 1 ] && exit 3; sleep 1.5; exit 200"
    ran = slurm.run(job(run=run, nodes=2), name=a_name())
    assert (ran.code, ran.ended["rank"], ran.ended["exit"]) == (3, "1", "3")
    assert "first failure: rank=1 phase=run exit=3" in ran.log("batch")


def test_a_job_that_may_resume_starts_again_as_often_as_it_may(slurm: StandIns) -> None:
    ran = slurm.run(job(run="echo x >>tries; exit 4", resume=Resume(max_retries=2)), name=a_name())
    assert ran.code == 4
    assert (ran.folder / "workdir" / "tries").read_text(encoding="utf-8") == "x\n" * 3
    assert "starting again (2 of 2)" in ran.log("batch")


def test_tries_are_counted_over_requeues(slurm: StandIns) -> None:
    spec, name = job(run="echo x >>tries; exit 4", resume=Resume(max_retries=2)), a_name()
    slurm.run(spec, name=name)
    folder, bundle = slurm.written(spec, Payload(run_id="r"), name)
    assert slurm.start(folder, bundle, 1, SLURM_RESTART_COUNT="1").wait(timeout=90) == 4
    assert (folder / "workdir" / "tries").read_text(encoding="utf-8") == "x\n" * 4


@pytest.mark.parametrize(("resume", "kept"), [(None, False), (Resume(), True)])
def test_a_job_that_is_told_to_end_ends_and_says_so(slurm: StandIns, resume: Resume | None, kept: bool) -> None:
    spec = job(run="touch begun; sleep 300", secrets=("TOKEN",), resume=resume)
    folder, bundle = slurm.written(spec, Payload(run_id="r", secrets={"TOKEN": "x"}), a_name())
    process = slurm.start(folder, bundle, 1)
    until((folder / "workdir" / "begun").exists)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=90) == 143
    assert "told=TERM" in (folder / "ended").read_text(encoding="utf-8")
    assert "told to end (SIGTERM) during run" in (folder / "logs" / "rank-0.log").read_text(encoding="utf-8")
    # Slurm may start it again: it needs its secrets then.
    assert (folder / "secrets").exists() is kept


def test_an_image_where_there_is_no_pyxis_is_refused_with_the_reason(slurm: StandIns) -> None:
    ran = slurm.run(job(run="true", image="nvcr.io/nvidia/pytorch:25.01-py3"), name=a_name())
    assert ran.code == 1
    assert "this Slurm has no pyxis" in ran.log("batch")
    assert slurm.run(job(run="true", image="x"), name=a_name(), CONTAINERS="--container-image").code == 0


def test_a_command_beside_a_rank_has_what_the_rank_has(slurm: StandIns) -> None:
    spec = job(run="true", nodes=2, env={"A": "it's\n$(x)"}, secrets=("TOKEN",), resume=Resume())
    ran = slurm.run(spec, Payload(run_id="r", secrets={"TOKEN": "t"}), a_name())
    words = ["/bin/bash", str(ran.folder / "enter"), "1", *SHOW.split()]
    told = variables(subprocess.run(words, capture_output=True, check=True, timeout=60).stdout.decode())
    assert (told["A"], told["RANK"], told["MASTER_ADDR"]) == ("it's\n$(x)", "1", "10.0.0.0")


def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition, with patience."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
