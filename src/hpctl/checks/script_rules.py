"""Rules about the text of one script: what a node stumbles over, without running anything."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hpctl.checks.script_text import Command, Loop, Script
from hpctl.checks.secret_words import PRIVATE_KEY, SECRET_NAME, SECRET_VALUE


class System(StrEnum):
    """What nodes run (AWS documentation, SageMaker HyperPod AMI releases)."""

    UBUNTU = "Ubuntu"
    AMAZON_LINUX = "Amazon Linux 2023"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a script: at which line, in words that follow its name, and what to write instead."""

    line: int
    message: str
    remedy: str
    shown: str = ""


_PACKAGE_MANAGERS: Final = {
    System.UBUNTU: frozenset({"apt", "apt-get", "dpkg"}),
    System.AMAZON_LINUX: frozenset({"dnf", "yum", "rpm"}),
}
_ASKS_THE_SYSTEM: Final = re.compile(
    r"os-release|lsb_release|redhat-release|debian_version"
    r"|(?:command -v|which|type|hash) +(?:-\w+ +)*(?:apt|dnf|yum|rpm)"
)
_COUNTS: Final = re.compile(r"\(\(|\blet\b|\bexpr\b|-(?:lt|le|gt|ge)\b|\bSECONDS\b|\btimeout\b|date \+%s")
_ENDLESS: Final = re.compile(r"^\s*(?:true|:|1|\[+ *1 *\]+|/bin/true)\s*(?:;|$)")
_READS_INPUT: Final = re.compile(r"\bread\b")
_RETRIES: Final = re.compile(r"retry|retries|attempt|backoff", re.IGNORECASE)
"""Words of scripts that try again, by an option or by a function of their own."""
_DOWNLOADS: Final = {
    "apt": ("install", "update", "upgrade"),
    "apt-get": ("install", "update", "upgrade"),
    "curl": (),
    "dnf": ("install", "update", "upgrade"),
    "docker": ("pull",),
    "git": ("clone",),
    "yum": ("install", "update", "upgrade"),
}
"""Commands that give up at the first fault of a network, by what makes them download; pip and wget try again."""

_FSX_LIST: Final = re.compile(r"fsx-?lustre-?client-?repo|fsx\*")
"""The list of packages that FSx's documentation adds, by either of its names."""

_LITERAL: Final = re.compile(r"^\s*(?:export\s+|local\s+)?(?P<name>\w+)\s*=\s*[\"']?(?P<value>[^\s\"'$`<(]{6,})")


def misread_python(script: Script) -> Iterator[Fault]:
    """Yield what Python does not understand; what is newer than the nodes' Python is not seen."""
    if isinstance(parsed := _parsed(script), Fault):
        yield parsed


def other_systems_packages(script: Script, system: System) -> Iterator[Fault]:
    """Yield the first use of a package manager that the nodes' system does not have, unless the script asks first."""
    if script.language != "shell" or _ASKS_THE_SYSTEM.search(script.text):
        return
    own = _PACKAGE_MANAGERS[system]
    strange = {name for names in _PACKAGE_MANAGERS.values() for name in names} - own
    for command in script.commands:
        if command.words[0] in strange:
            name, instead = command.words[0], "apt-get" if system is System.UBUNTU else "dnf"
            yield Fault(
                command.line, f"runs `{name}`, and nodes run {system}", f"use `{instead}`", " ".join(command.words)
            )
            return


def endless_waits(script: Script) -> Iterator[Fault]:
    """Yield loops that wait for something and count neither attempts nor time."""
    remedy = "count the attempts, or wrap the wait: timeout 300 bash -c '…'"
    if script.language == "shell":
        for loop in sorted(script.loops, key=lambda loop: loop.line):
            if _waits(loop) and not _COUNTS.search(f"{loop.condition}\n{loop.body}"):
                shown = f"{loop.kind} {loop.condition.strip()}"
                yield Fault(loop.line, "waits in a loop that counts neither attempts nor time", remedy, shown)
    elif script.language == "python" and not isinstance(tree := _parsed(script), Fault):
        for node in ast.walk(tree):
            if isinstance(node, ast.While) and _never_ends(node):
                yield Fault(node.lineno, "waits in a loop that nothing ends", "leave it after some attempts")


def single_attempts(script: Script) -> Iterator[Fault]:
    """Yield downloads that are tried once, in scripts that try nothing again."""
    if script.language != "shell" or _RETRIES.search(script.text):
        return
    for command in script.commands:
        if _downloads(command) and not command.loops:
            shown = " ".join(command.words)
            yield Fault(command.line, "downloads, and tries once", "try again some times, with a wait between", shown)


def secrets(script: Script) -> Iterator[Fault]:
    """Yield lines that hold a secret; the secret itself is not shown."""
    remedy = "take it out of use, and read it from Secrets Manager when the script runs"
    for number, text in enumerate(script.text.split("\n"), start=1):
        found = _LITERAL.match(text)
        if SECRET_VALUE.search(text) or PRIVATE_KEY.search(text):
            yield Fault(number, "holds what looks like a key", remedy)
        elif found and SECRET_NAME.search(found["name"]) and not found["value"].startswith(("/", "arn:")):
            yield Fault(number, f"holds a value of `{found['name']}`", remedy)


def old_samples(script: Script) -> Iterator[Fault]:
    """Yield what AWS's own samples did before their faults were mended (awsome-distributed-ai)."""
    remedy = "take AWS's sample as it is now, or write hpctl's: hpctl lifecycle init FOLDER -f FILE"
    text, name = script.text, script.name.rpartition("/")[2]
    if name == "install_ansible.sh" and "apt-get update" in text and not _FSX_LIST.search(text):
        line = _line_of(text, "apt-get update")
        before = "write before that line: rm -f /etc/apt/sources.list.d/fsx*lustre*.list"
        yield Fault(line, "updates from the FSx package list of the AMI, which may be gone (403 Forbidden)", before)
    if re.search(r"usermod .*/fsx/ubuntu", text) and not re.search(r"\btouch\b|\bmountpoint\b", text):
        line = _line_of(text, "usermod")
        yield Fault(line, "moves a home to /fsx and does not wait until that can be written", remedy)
    if "/etc/eks/containerd/containerd-config.toml" in text and "2023" not in text:
        line = _line_of(text, "containerd-config.toml")
        yield Fault(line, "changes containerd as Amazon Linux 2 had it, and nodes run Amazon Linux 2023", remedy)


def _waits(loop: Loop) -> bool:
    if loop.detached or loop.kind not in {"while", "until"}:
        return False
    if loop.kind == "until":
        return True
    condition = loop.condition.strip()
    return bool(_ENDLESS.match(condition)) or (condition.startswith("!") and not _READS_INPUT.search(condition))


def _never_ends(loop: ast.While) -> bool:
    always = isinstance(loop.test, ast.Constant) and bool(loop.test.value)
    return always and not any(isinstance(one, ast.Break | ast.Return | ast.Raise) for one in ast.walk(loop))


def _downloads(command: Command) -> bool:
    verbs = _DOWNLOADS.get(command.words[0])
    if verbs is None:
        return False
    return not verbs or bool(set(verbs) & set(command.words[1:]))


def _parsed(script: Script) -> ast.Module | Fault:
    if script.language != "python":
        return ast.Module([], [])
    if "\0" in script.text:  # of which versions of Python say different things
        return Fault(_line_of(script.text, "\0"), "Python cannot read it: it contains a null byte", "mend that line")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an escape that Python takes exception to still runs
            return ast.parse(script.text)
    except SyntaxError as error:
        return Fault(error.lineno or 1, f"Python cannot read it: {error.msg}", "mend that line")
    except (ValueError, RecursionError, MemoryError):
        return Fault(1, "Python cannot read it", "write it anew")


def _line_of(text: str, part: str) -> int:
    return text[: text.find(part)].count("\n") + 1
