"""hpctl's reading of `#SBATCH` lines beside that of the real sbatch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.catalog.sbatch_options import sbatch_options
from hpctl.spec.sbatch_read import read_sbatch
from hpctl.spec.sbatch_words import DirectiveError, words
from hpctl.spec.source import TextSource
from tests.conftest import REPOSITORY, present

FOUND = re.compile(r'^sbatch: debug2: Found in script, argument "(.*?)"$', re.MULTILINE | re.DOTALL)
END = "\n#SBATCH the-end\n#SBATCH the-end\n"
"""No option: whatever stands before it, sbatch ends there, and asks no controller."""

CORPUS = REPOSITORY / "tests" / "unit" / "spec" / "wild_sbatch"
REFUSALS = (
    *("unrecognized option", "invalid option", "ambiguous", "allow an argument", "requires an argument", "fatal:"),
    *("Invalid directive", "DOS line breaks", "does not look like a batch script"),
)
"""Words of sbatch's with which it refuses a script."""
MARKS = ("#SBATCH", "#SLURM")
AT_ONCE = {"help", "usage", "version"}
"""Options that end sbatch where they stand."""

PIECES = st.sampled_from(
    [
        "-N2",
        "--nodes=2",
        "--comment",
        "'",
        '"',
        "\\",
        " ",
        "  ",
        "\t",
        "#",
        ":",
        "a",
        "=",
        "é",
        "$(x)",
        "`",
        "-",
        "--",
        ",",
    ]
)
LINES = st.lists(PIECES, max_size=12).map("".join)


@dataclass(frozen=True)
class Sbatch:
    """The real program, with a configuration that leads to no controller."""

    program: Path
    config: Path

    def said(self, script: str) -> str:
        words = [str(self.program), "-vvv", "--test-only"]
        env = {**os.environ, "SLURM_CONF": str(self.config)}
        done = subprocess.run(words, input=script.encode(), capture_output=True, check=False, timeout=60, env=env)
        return done.stderr.decode()


@pytest.fixture(scope="module")
def sbatch(tmp_path_factory: pytest.TempPathFactory) -> Sbatch:
    program = present(Path(shutil.which("sbatch") or "/usr/bin/sbatch"), "sbatch", "apt-get install slurm-client")
    config = tmp_path_factory.mktemp("slurm") / "slurm.conf"
    config.write_text(
        "ClusterName=none\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=1\nMessageTimeout=2\n", encoding="utf-8"
    )
    return Sbatch(program, config)


def ours(line: str) -> tuple[list[str], bool]:
    """The words of a line, and whether sbatch would refuse it."""
    found: list[str] = []
    try:
        found.extend(word.text for word in words(line, len("#SBATCH")))
    except DirectiveError:
        return found, True
    return found, False


@given(LINES)
@settings(max_examples=150, deadline=None)
def test_words_are_cut_as_sbatch_cuts_them(sbatch: Sbatch, rest: str) -> None:
    line = f"#SBATCH {rest}"
    text = sbatch.said(f"#!/bin/bash\n{line}{END}")
    found, refused = ours(line)
    theirs = FOUND.findall(text)
    if refused:
        assert "fatal: stdin: line 2" in text
        assert theirs == found
    else:
        # Words are printed before any of them is judged.
        assert theirs == [*found, "the-end", "the-end"]


@pytest.mark.parametrize(
    "name", sorted(name for name, one in sbatch_options().items() if not one.plugin and not one.since)
)
def test_every_option_takes_a_value_as_sbatch_says(sbatch: Sbatch, name: str) -> None:
    option = sbatch_options()[name]
    if option.value == "required":
        assert "requires an argument" in sbatch.said(f"#!/bin/bash\n#SBATCH --{name}\n")
    elif name not in AT_ONCE:
        assert "script: the-end" in sbatch.said(f"#!/bin/bash\n#SBATCH --{name} the-end\n")
    valued = sbatch.said(f"#!/bin/bash\n#SBATCH --{name}=1 the-end\n")
    assert ("doesn't allow an argument" in valued) == (option.value == "none")


@pytest.mark.parametrize(
    ("letter", "name"), sorted((one.short, one.name) for one in sbatch_options().values() if one.short)
)
def test_every_letter_is_known_to_sbatch(sbatch: Sbatch, letter: str, name: str) -> None:
    if sbatch_options()[name].value == "required":
        assert f"requires an argument -- '{letter}'" in sbatch.said(f"#!/bin/bash\n#SBATCH -{letter}\n")
    elif name not in AT_ONCE:
        assert "script: the-end" in sbatch.said(f"#!/bin/bash\n#SBATCH -{letter} the-end\n")


@pytest.mark.parametrize(
    ("script", "refused"),
    [
        ("#!/bin/bash\n#SBATCH --node=2\n", "ambiguous"),
        ("#!/bin/bash\n#SBATCH --ntasks-per-nod=2 the-end\n", "Invalid directive"),
        ("#!/bin/bash\n#SBATCH --auto-resume=1\n", "unrecognized option"),
        ("#!/bin/bash\n#SBATCH -N\n", "requires an argument"),
        ("#!/bin/bash\n#SBATCH --exclusive user\n", "Invalid directive"),
        ("#!/bin/bash\n#SBATCH -HX\n", "invalid option"),
        ("#!/bin/bash\n#SBATCH -- -N1\n", "Invalid directive"),
        ("#!/bin/bash\n#SLURM -N1\n#SBATCH the-end\n", "Change from #SLURM to #SBATCH"),
    ],
)
def test_what_sbatch_refuses_is_a_fault(sbatch: Sbatch, script: str, refused: str) -> None:
    assert refused in sbatch.said(script)
    assert read_sbatch(TextSource("job.sbatch", script)).faults


def test_directives_behind_the_first_command_are_not_read(sbatch: Sbatch) -> None:
    script = (
        "#!/bin/bash\n\n # a comment\n#SBATCH --nodes=2\n##SBATCH --nodes=3\n #SBATCH -N 9\nset -e\n#SBATCH --nodes=4\n"
    )
    ours = read_sbatch(TextSource("job.sbatch", script))
    assert ours.value("nodes") == "2"
    assert ours.late == (8,)
    theirs = FOUND.findall(sbatch.said(script.replace("set -e", "#SBATCH the-end\nset -e")))
    assert theirs == ["--nodes=2", "the-end"]


@pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.iterdir()))
def test_sbatch_refuses_exactly_the_scripts_of_which_hpctl_says_so(sbatch: Sbatch, name: str) -> None:
    text = (CORPUS / name).read_bytes().decode()
    ours = read_sbatch(TextSource(name, text))
    refused = any(fault.refused for fault in ours.faults) or "\r\n" in text or not text.startswith("#!")
    plain = re.sub(r"(?m)^#SBATCH.*--container-.*$", "#", text)  # options of a plugin that is not here
    lines = plain.split("\n")
    last = max((n for n, line in enumerate(lines) if line.startswith(MARKS) and n + 1 not in ours.late), default=0)
    # A directive behind all others ends sbatch, which asks no controller then.
    ended = "\n".join((*lines[: last + 1], "#SBATCH the-end", *lines[last + 1 :]))
    if any("needs a value" in fault.message for fault in ours.faults):
        ended = plain
    said = sbatch.said(ended)
    theirs = any(word in said for word in REFUSALS) and "script: the-end" not in said
    assert theirs == refused, said
