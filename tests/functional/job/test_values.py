"""Whatever text a value is, the script sees exactly that: real bash, any text that an environment can hold."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hpctl.compile.bundle import Placement
from hpctl.compile.scripts import scripts
from hpctl.spec.job import Choice
from tests.functional.job.tasks import payload, task

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
NAMES = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,12}\Z").map(lambda name: f"V{name}")
HARD = "'\"$(id)`id`\\ ~!!\n\t-n ${HOME} #; & | \x01 é 漢 \u2028 =,=\n"


def seen(folder: Path, env: Mapping[str, str], run: str = "env -0", **more: str) -> dict[str, str]:
    """Run a task's script as phase.sh runs it, here, in a home of its own, and return its environment."""
    home, place = folder / "home", folder / "scripts"
    (home / "sky_workdir").mkdir(parents=True)
    place.mkdir()
    spec = task(run, env=dict(env))
    for name, text in scripts(spec, Placement(choice=Choice(), instance_type=None), payload()).items():
        (place / name).write_bytes(text.encode())
    (home / "ips").write_text("10.0.0.1")
    told = {"HOME": str(home), "HPCTL_STATE": str(home), "HPCTL_NODE_RANK": "0", "PATH": os.environ["PATH"]}
    ran = subprocess.run(
        ["/bin/bash", str(place / "phase.sh"), "run"], env={**told, **more, **env}, capture_output=True, check=True
    )
    assert ran.stderr == b""
    return dict(row.decode().split("=", 1) for row in ran.stdout.split(b"\0") if row)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, TEXTS, min_size=1, max_size=4))
@example({"VALUE": HARD})
@example({"VALUE": "", "VNEXT": "\n"})
def test_values_arrive_exactly(env: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = seen(Path(folder), env)
    assert {name: found[name] for name in env} == env


def test_values_arrive_exactly_in_any_locale(tmp_path: Path) -> None:
    for locale in ("C", "POSIX", "C.UTF-8"):
        assert seen(tmp_path / locale, {"VALUE": HARD}, LC_ALL=locale)["VALUE"] == HARD


def test_a_value_may_be_as_long_as_an_environment_takes(tmp_path: Path) -> None:
    # 128 KiB is the most that Linux takes of one variable (execve(2), MAX_ARG_STRLEN).
    long = "x'\n" * 43_000
    assert seen(tmp_path, {"VALUE": long})["VALUE"] == long


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
@example(HARD)
def test_a_script_is_the_users_own_text(text: str) -> None:
    """A here-document with a quoted end is text to bash: what it prints is what stands in the file."""
    marker = "END_OF_THE_TEXT"
    with tempfile.TemporaryDirectory() as folder:
        run = f"WORDS=$(cat <<'{marker}'\n{text}\n{marker}\n); export WORDS; env -0"
        found = seen(Path(folder), {}, run)
    assert found["WORDS"] == text.rstrip("\n")
