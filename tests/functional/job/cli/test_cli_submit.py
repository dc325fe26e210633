"""`hpctl job submit`, as people type it: from a file or a command to a job that ran."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.conftest import present
from tests.functional.cli.command import Hpctl
from tests.functional.job.cli.conftest import Jobs
from tests.functional.kubectl.command import EXECUTABLE as KUBECTL

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.timeout(180)]


def test_a_dry_run_shows_everything_and_makes_nothing(jobs: Jobs) -> None:
    before = jobs.hpctl("job", "list", "-o", "name").out
    shown = jobs.hpctl("job", "submit", "train.yaml", "--dry-run").out
    assert shown.startswith("account 123456789012, region us-west-2, user/hpctl-sandbox, cluster demo-eks")
    assert "+ create pytorchjob tiny\n" in shown
    assert "2 x ml.p5.48xlarge" in shown
    assert "EFA interfaces a node:  32\n" in shown
    assert jobs.hpctl("job", "list", "-o", "name").out == before


@pytest.mark.scorecard(37)
def test_kubectl_creates_the_manifests_of_a_dry_run(jobs: Jobs, tmp_path: Path) -> None:
    present(KUBECTL, "kubectl", "install `kubectl` beside hpctl: `make test` does")
    env = {**jobs.hpctl.env, "KUBECONFIG": str(tmp_path / "config")}
    Hpctl(env, jobs.folder)("cluster", "connect", "demo-eks")
    shown = jobs.hpctl("job", "submit", "train.yaml", "--name", "by-kubectl", "--dry-run", "-o", "yaml").out
    assert shown.startswith("# Secrets are not shown: put their values in place of <redacted> ")
    words = (KUBECTL, "create", "--dry-run=server", "-o", "name", "-f", "-")
    done = subprocess.run(words, input=shown, env=env, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    kinds = [line.partition("/")[0] for line in done.stdout.splitlines()]
    assert kinds == ["secret", "configmap", "configmap", "pytorchjob.kubeflow.org"]


def test_the_two_nodes_of_the_example_train_together(jobs: Jobs) -> None:
    out = jobs.hpctl("job", "submit", "train.yaml", "--name", "together", "--follow").out
    lines = out.splitlines()
    for rank in (0, 1):
        of_rank = [line for line in lines if line.startswith(f"[rank {rank}] ")]
        assert f"[rank {rank}] rank {rank} of 2 on together-{'master' if rank == 0 else 'worker'}-0, " in of_rank[0]
        assert len([line for line in of_rank if "] step " in line]) == 4
        assert of_rank[-1] == f"[rank {rank}] done"
    assert len(lines) == 12


def test_a_rank_that_fails_is_named_with_what_it_said(jobs: Jobs) -> None:
    words = ("job", "submit", "train.yaml", "--name", "broken", "--env", "BROKEN_SHARD=1", "--wait", "-o", "json")
    ended = jobs.hpctl(*words, ends=ExitCode.JOB_FAILED)
    assert ended.json()["state"] == "Failed"
    assert ended.error()["code"] == "job_failed"
    failure = jobs.hpctl("job", "describe", "broken", "-o", "json").json()["first_failure"]
    assert (failure["rank"], failure["exit_code"]) == (1, 1)
    said = "ValueError: the loss is not a number at step 14: look at shard 1 of the data"
    assert said in "\n".join(failure["log"])


def test_a_command_arrives_word_by_word(jobs: Jobs) -> None:
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, "--wait", "--", "printf", "<%s>", "a  b", "it's", "$HOME", "", "--x")
    assert jobs.hpctl("job", "logs", name, "--raw").out == "<a  b><it's><$HOME><><--x>"


def test_a_command_of_one_word_is_a_line_for_the_shell(jobs: Jobs) -> None:
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, "--wait", "--", "echo one; echo two", ends=ExitCode.OK)
    assert jobs.hpctl("job", "logs", name, "--raw").out == "one\ntwo\n"


def test_variables_arrive_as_they_were_given(jobs: Jobs) -> None:
    name, value = jobs.name(), "a 'b' \"c\" $(d) $$ `e` \\ ,f=g\nh"
    jobs.hpctl("job", "submit", "--name", name, "--env", f"VALUE={value}", "--wait", "--", 'printf "%s" "$VALUE"')
    assert jobs.hpctl("job", "logs", name, "--raw").out == value


def test_a_secret_reaches_the_job_and_is_shown_nowhere(jobs: Jobs) -> None:
    name, hpctl = jobs.name(), jobs.hpctl.with_env(API_KEY="s3kr1t-value")
    words = ("job", "submit", "--name", name, "--secret", "API_KEY")
    command = ("--", 'printf "%s" "${#API_KEY}"')
    shown = hpctl(*words, "--dry-run", "-o", "yaml", *command)
    sent = hpctl(*words, "--wait", *command)
    told = hpctl("job", "describe", name, "-o", "json")
    assert "s3kr1t" not in shown.out + shown.err + sent.out + sent.err + told.out
    assert "<redacted>" in shown.out
    assert hpctl("job", "logs", name, "--raw").out == "12"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give one of a file and a command"),
        (("train.yaml", "--", "true"), "give one of a file and a command"),
        (("train.yaml", "eks.yaml"), "one job at a time: there are 2 files"),
        (("absent.yaml",), "there is no file `absent.yaml`"),
        (("eks.yaml",), "eks.yaml"),
        (("train.yaml", "--secret", "NOT_SET"), "NOT_SET"),
        (("train.yaml", "--secret", "TOKEN=abc"), "TOKEN"),
        (("train.yaml", "--env", "NOT_SET"), "`--env NOT_SET` has no value, and neither has this shell"),
        (("train.yaml", "--skip", "job-fit"), "there is no check `job-fit`"),
        (("train.yaml", "--follow", "-o", "json"), "`--follow` does not go with `-o json`"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(jobs: Jobs, words: tuple[str, ...], said: str) -> None:
    ended = jobs.hpctl("job", "submit", *words, ends=ExitCode.USAGE)
    assert said in ended.err
    assert "abc" not in ended.err


def test_an_unknown_key_is_named_with_its_place(jobs: Jobs) -> None:
    file = jobs.write("typo.yaml", "api_version: hpctl/v1\nkind: Job\nname: a\nnodez: 2\nrun: 'true'\n")
    err = jobs.hpctl("job", "submit", file, ends=ExitCode.USAGE).err
    assert "typo.yaml:4:1" in err
    assert "`nodes`" in err


def test_what_fits_nowhere_is_told_with_what_would(jobs: Jobs) -> None:
    ended = jobs.hpctl("job", "submit", "--name", "large", "--nodes", "3", "--", "true", ends=ExitCode.CHECKS_FAILED)
    assert "`large` does not fit: it wants 3 nodes" in ended.err
    assert "checks: 1 failed" in ended.err
    assert jobs.hpctl("job", "describe", "large", ends=ExitCode.NOT_FOUND).out == ""


def test_a_machine_that_is_refused_gets_the_findings(jobs: Jobs) -> None:
    words = ("job", "submit", "--name", "large", "--nodes", "3", "-o", "json", "--", "true")
    plan = jobs.hpctl(*words, ends=ExitCode.CHECKS_FAILED).json()
    assert [one["id"] for one in plan["checks"]["results"] if one["outcome"] == "fail"] == ["job-fits"]


def test_the_same_job_is_not_made_twice(jobs: Jobs) -> None:
    name = jobs.name()
    jobs.hpctl("job", "submit", "--name", name, "--wait", "--", "true")
    ended = jobs.hpctl("job", "submit", "--name", name, "--", "true", ends=ExitCode.CONFLICT)
    assert f"hpctl job describe {name}" in ended.err


MANIFEST = """\
apiVersion: batch/v1
kind: Job
metadata: {name: plain}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      nodeSelector: {node.kubernetes.io/instance-type: p5.48xlarge}
      containers: [{name: main, image: 'python:3.12', command: [echo, hello]}]
"""


def test_a_manifest_is_submitted_as_it_is_and_its_faults_are_named(jobs: Jobs) -> None:
    err = jobs.hpctl("job", "submit", jobs.write("plain.yaml", MANIFEST), ends=ExitCode.CHECKS_FAILED).err
    assert "plain.yaml:9" in err
    assert "write `node.kubernetes.io/instance-type: ml.p5.48xlarge`" in err
    mended = jobs.write("plain.yaml", MANIFEST.replace("type: p5", "type: ml.p5"))
    jobs.hpctl("job", "submit", mended, "--wait")
    assert jobs.hpctl("job", "logs", "job/plain", "--raw").out == "hello\n"


def test_a_skypilot_task_comes_through_standard_input(jobs: Jobs) -> None:
    task = "name: piped\nnum_nodes: 2\nrun: |\n  echo rank $SKYPILOT_NODE_RANK of $SKYPILOT_NUM_NODES\n"
    jobs.hpctl("job", "submit", "-", "--wait", stdin=task)
    lines = jobs.hpctl("job", "logs", "piped").out.splitlines()
    assert sorted(line for line in lines if " of 2" in line) == ["[rank 0] rank 0 of 2", "[rank 1] rank 1 of 2"]


def test_doctor_judges_a_jobs_file_as_submitting_it_would(jobs: Jobs) -> None:
    name = jobs.name()
    text = f"name: {name}\nnum_nodes: 2\nresources: {{accelerators: 'H100:8'}}\nrun: torchrun --standalone train.py\n"
    file = jobs.write("standalone.yaml", text)
    ended = jobs.hpctl("doctor", "--job", file, "--fail-on", "warn", "-o", "json", ends=ExitCode.CHECKS_UNKNOWN)
    told = {row["id"]: row for row in ended.json()["results"]}
    assert {check_id for check_id, row in told.items() if row["outcome"] != "pass"} == {"job-rendezvous"}
    planned = jobs.hpctl("job", "submit", file, "--dry-run", "-o", "json").json()["checks"]["results"]
    assert {row["id"]: row["findings"] for row in planned}.items() <= {
        check_id: row["findings"] for check_id, row in told.items()
    }.items()
    jobs.hpctl("job", "describe", name, ends=ExitCode.NOT_FOUND)
