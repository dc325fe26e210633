"""The environment that Slurm's commands run in, under a real shell."""

from __future__ import annotations

import subprocess

from hpctl.adapters.slurm.commands import clean


def test_words_and_environment_arrive_exactly() -> None:
    """Under a real shell: hostile words stay words, SQUEUE_FORMAT goes, SLURM_CONF stays."""
    words = ("$(touch x)", "a b", "", "`id`", "é\n'\"")
    surroundings = {"SQUEUE_FORMAT": "%i", "SLURM_CONF": "/a path/slurm.conf", "TZ": "Asia/Tokyo", "PATH": "/nowhere"}
    show = clean(("env",)), clean(("printf", "%s\\0", *words))
    seen, said = (subprocess.run(one, env=surroundings, capture_output=True, check=True).stdout for one in show)
    assert said.split(b"\0")[:-1] == [word.encode() for word in words]
    told = dict(line.split("=", 1) for line in seen.decode().splitlines())
    assert told.keys() - {"PWD", "SHLVL", "_"} == {"SLURM_CONF", "PATH", "HOME", "LC_ALL", "TZ", "SLURM_TIME_FORMAT"}
    assert (told["SLURM_CONF"], told["TZ"]) == ("/a path/slurm.conf", "UTC")
