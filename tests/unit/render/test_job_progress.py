"""What waiting for a job says, and what it does not say twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hpctl.facts.jobs import JobState
from hpctl.render.job_progress import HEARTBEAT_S, follow
from hpctl.render.jobs import manifests
from hpctl.render.output import Output
from hpctl.render.show import show
from hpctl.report.job import JobEnded, JobObserved
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty, out
from tests.unit.render.job_samples import EVENT, JOB_PLAN, JOB_STEPS, NO_PLACE, NOW
from tests.unit.render.test_hostile import OUR_COLOUR, RAW, poison


def observed(after_s: float, **members: object) -> JobObserved:
    first = JOB_STEPS[0]
    assert isinstance(first, JobObserved)
    return first.model_copy(update={"time": NOW + timedelta(seconds=after_s), "elapsed_s": after_s, **members})


def test_steps_are_told_in_lines_and_the_end_is_handed_back() -> None:
    terminal = in_a_pipe()
    end = follow(JOB_STEPS, Output.TABLE, terminal)
    assert isinstance(end, JobEnded)
    assert err(terminal).splitlines() == [
        "2026-03-01T12:00:00Z pytorchjob/llama-sft Pending; 4 Pending of 4 pods; waiting for a node",
        "2026-03-01T12:00:00Z llama-sft-worker-2: BackOff: Back-off restarting failed container pytorch",
        "2026-03-01T12:00:00Z the job is in Kueue's hands",
        "2026-03-01T12:12:00Z pytorchjob/llama-sft Failed after 12m 00s: rank 3 `run` ended with exit code 1",
    ]
    assert out(terminal) == ""


def test_machines_get_an_object_a_step_on_stdout() -> None:
    terminal = in_a_pipe()
    follow(JOB_STEPS, Output.JSONL, terminal)
    assert [json.loads(line)["type"] for line in out(terminal).splitlines()] == [
        "job",
        "job_event",
        "remark",
        "job_ended",
    ]
    assert err(terminal) == ""


def test_what_has_not_changed_is_told_again_after_a_minute_only() -> None:
    terminal = in_a_pipe()
    running = {"state": JobState.RUNNING, "pods": {"Running": 4}, "waiting_for": ""}
    steps = [
        observed(0),
        observed(5),
        observed(6, **running),
        observed(7, **running),
        observed(6 + HEARTBEAT_S, **running),
    ]
    assert follow(steps, Output.TABLE, terminal) is None
    assert [line.split()[0][11:19] for line in err(terminal).splitlines()] == ["12:00:00", "12:00:06", "12:01:06"]


def test_of_events_only_warnings_are_worth_a_line() -> None:
    terminal = in_a_pipe()
    step = JOB_STEPS[1].model_copy(update={"event": replace(EVENT, type="Normal")})
    follow((step,), Output.TABLE, terminal)
    assert err(terminal) == ""


def test_no_part_of_a_step_reaches_a_stream_raw() -> None:
    steps = [poison(step) for step in JOB_STEPS]
    for terminal, output in ((on_a_tty(), Output.TABLE), (in_a_pipe(), Output.TABLE), (in_a_pipe(), Output.JSONL)):
        follow(steps, output, terminal)
        assert RAW.search(OUR_COLOUR.sub("", err(terminal) + out(terminal))) is None


def test_a_job_without_a_place_creates_nothing_and_that_is_said() -> None:
    terminal = in_a_pipe()
    show(NO_PLACE, Output.TABLE, None, terminal, now=NOW)
    assert "! job/llama-sft cannot be placed: nothing is created" in out(terminal)
    assert NO_PLACE.names() == ()


def test_the_manifests_are_documents_that_kubectl_takes() -> None:
    text = manifests(JOB_PLAN)
    assert list(YAML(typ="safe", pure=True).load_all(text)) == list(JOB_PLAN.manifests)
    assert text.startswith("# Secrets are not shown: put their values in place of <redacted> before `kubectl create")
    assert manifests(JOB_PLAN.model_copy(update={"manifests": ({"kind": "Job"},)})) == "kind: Job\n"


def test_scripts_are_readable_in_the_manifests() -> None:
    script = "#!/bin/bash\nset -e\n  echo 'two'\n\nexit\n"
    text = manifests(JOB_PLAN.model_copy(update={"manifests": ({"data": {"run": script}},)}))
    assert "  run: |\n    #!/bin/bash\n    set -e\n      echo 'two'\n\n    exit\n" in text


@given(st.text(st.sampled_from(" \n\ta#:|>-'\"\\\x1b\r\u2028é")) | st.text())
def test_whatever_a_script_holds_reads_back_the_same(script: str) -> None:
    text = manifests(JOB_PLAN.model_copy(update={"manifests": ({"data": {"run": script}}, {"list": [script]})}))
    first, second = YAML(typ="safe", pure=True).load_all(text)
    assert (first, second) == ({"data": {"run": script}}, {"list": [script]})
    assert RAW.search(text) is None
