"""Lifecycle scripts are run where they can do no harm, and read where they cannot be confined."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl.sandbox import scripts
from hpctl.sandbox.scripts import Outcome, Script, run

LOG = "/var/log/provision/provisioning.log"


def _run(text: str, **files: str) -> Outcome:
    contents = {name: content.encode() for name, content in {"on_create.sh": text, **files}.items()}
    return run(Script(("on_create.sh",), contents, {"ClusterConfig": {"ClusterName": "one"}}))


@pytest.fixture
def confined() -> None:
    outcome = _run(f"#!/bin/bash\necho here > {LOG}\n")
    if "cannot confine" in "".join(outcome.lines):
        pytest.skip("this machine has no user namespaces: sysctl kernel.unprivileged_userns_clone=1")
    assert outcome == Outcome(0, ("here",))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#!/bin/bash\r\necho\r\n", "on_create.sh: /bin/bash^M: bad interpreter"),
        ("echo\n", "on_create.sh: cannot execute: exec format error"),
    ],
)
def test_a_file_that_is_no_program_is_not_run(text: str, words: str) -> None:
    outcome = _run(text)
    assert outcome.status == 126
    assert outcome.lines[0].startswith(words)


@pytest.mark.usefixtures("confined")
def test_a_script_sees_its_files_and_the_cluster() -> None:
    outcome = _run(
        f"#!/bin/bash\nset -e\nexec > >(tee -a {LOG}) 2>&1\nbash lib.sh\ncat $SAGEMAKER_RESOURCE_CONFIG_PATH\n",
        **{"lib.sh": "echo companion"},
    )
    assert outcome == Outcome(0, ("companion", '{"ClusterConfig": {"ClusterName": "one"}}'))


@pytest.mark.usefixtures("confined")
def test_the_second_script_runs_once_the_first_succeeded() -> None:
    files = {
        "a.sh": f"#!/bin/bash\necho a > {LOG}\n".encode(),
        "b.sh": f"#!/bin/bash\necho b > {LOG}\nexit 3\n".encode(),
    }
    assert run(Script(("a.sh", "b.sh"), files, {})) == Outcome(3, ("a", "b"))
    assert run(Script(("b.sh", "a.sh"), files, {})) == Outcome(3, ("b",))


@pytest.mark.usefixtures("confined")
@pytest.mark.parametrize("place", ["/usr/hpctl-was-here", "/etc/hpctl-was-here", str(Path(__file__).parent / "x")])
def test_a_script_can_write_nowhere_that_lasts(place: str) -> None:
    outcome = _run(
        f"#!/bin/bash\n/bin/mount -o remount,rw / 2>/dev/null\ntouch {place} 2>/dev/null && echo did > {LOG}\n"
    )
    assert outcome.status != 0
    assert not Path(place).exists()


@pytest.mark.usefixtures("confined")
def test_a_script_has_no_network_no_devices_and_nobodys_home() -> None:
    text = f"#!/bin/bash\n{{ ls /dev /home /root; grep -c : /proc/net/dev; }} > {LOG} 2>&1\n"
    lines = _run(text).lines
    assert not [line for line in lines if line.startswith(("sd", "nvme", "vd", "loop"))]
    assert lines[lines.index("/home:") + 1] == ""
    assert lines[-1] == "1"


@pytest.mark.usefixtures("confined")
def test_packages_and_services_are_played() -> None:
    assert _run(f"#!/bin/bash\napt-get install -y x > {LOG}\n") == Outcome(
        0, ("[hpctl sandbox] not really run: apt-get install -y x",)
    )


@pytest.mark.usefixtures("confined")
def test_what_is_only_printed_is_shown_and_said_so() -> None:
    outcome = _run("#!/bin/bash\necho boom >&2\nexit 3\n")
    assert (outcome.status, outcome.lines[1:]) == (3, ("boom",))
    assert "nothing here at AWS" in outcome.lines[0]


@pytest.mark.usefixtures("confined")
def test_a_script_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "TIME_LIMIT_S", 1.5)
    assert _run(f"#!/bin/bash\necho start > {LOG}\nsleep 600\n") == Outcome(None, ("start",))


@pytest.mark.usefixtures("confined")
def test_output_is_bounded() -> None:
    assert len(_run(f"#!/bin/bash\nseq 100000 > {LOG}\n").lines) == scripts.MOST_LINES


@pytest.mark.parametrize(
    ("text", "status"),
    [("#!/bin/bash\nif\n", 2), ("#!/bin/bash\n# hpctl-sandbox: exit 4\n", 4), ("#!/usr/bin/env python3\nif\n", 0)],
)
def test_a_machine_that_cannot_confine_reads(monkeypatch: pytest.MonkeyPatch, text: str, status: int) -> None:
    monkeypatch.setattr(scripts, "_UNSHARE", "/nowhere/unshare")
    outcome = _run(text)
    assert outcome.status == status
    assert "it was parsed, not run" in outcome.lines[0]
