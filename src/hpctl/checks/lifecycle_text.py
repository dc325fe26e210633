"""Lifecycle scripts line by line: those that run first, and those of their folder that they name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from hpctl.checks import script_rules
from hpctl.checks.declare import check, fail, warn
from hpctl.checks.script_rules import Fault, System
from hpctl.checks.script_text import Script
from hpctl.checks.scripts import Reached, held, reached
from hpctl.checks.secret_words import without_secrets
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Orchestrator

Rule = Callable[[Script], Iterator[Fault]]

_READS: Final = ("s3:ListBucket", "s3:GetObject")
_SHOWN: Final = 120
_CALLED: Final = re.compile(
    r"(?:^|[\s;&|(])(?:(?:bash|sh|source|\.|python3?)\s+(?:-\w+\s+)*|(?=\./))"
    r"[\"']?(?P<path>(?:\$\{?(?!\w*(?:HOME|TE?MP))\w*(?:DIR|HERE|BASE)\w*\}?/|\$\(dirname [^)]*\)[\"']?/|\./)*"
    r"\w[\w./-]*\.(?:sh|py))"
)
_MADE: Final = r"(?:>\s*|-o\s+|-O\s+|tee\s+(?:-a\s+)?|cp\s+\S+\s+|install\s+\S+\s+)[\"']?\S*{}"


@check(
    "lifecycle-syntax",
    "what runs the lifecycle scripts can read them",
    about=("instance_groups",),
    needs=("lifecycle-entrypoint-present",),
    reads=_READS,
    blocking=False,
)
def syntax(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A script with a mistake in it fails on every node ("Lifecycle scripts did not run successfully").

    Shell scripts are read by this machine's `bash -n`, which runs nothing of them, and Python scripts by Python's
    own compiler. Both the scripts that run first are read and those of the same folder that they name.
    """
    for one in reached(spec, world):
        faults = shell_faults(one.script, world) if one.script.language == "shell" else _PYTHON(one.script)
        yield from (_told(fail, one, fault) for fault in faults)


@check(
    "lifecycle-companion-present",
    "files that lifecycle scripts run are beside them",
    about=("instance_groups",),
    needs=("lifecycle-entrypoint-present",),
    reads=_READS,
    blocking=False,
)
def companion_present(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Scripts call others by relative names, such as `lifecycle_script.py` in AWS's samples for Slurm.

    What is not below `source_s3_uri` is not on the node either ("No such file or directory"). Files that a script
    makes or downloads itself are left alone, and so are those with absolute paths.
    """
    for one in reached(spec, world):
        names = {row.key.removeprefix(one.entry.folder.prefix) for row in held(world, one.entry.folder)}
        yield from (_told(warn, one, fault) for fault in missing_companions(one.script, names))


@check(
    "lifecycle-package-manager",
    "lifecycle scripts use the package manager of their system",
    about=("instance_groups", "orchestrator"),
    needs=("lifecycle-entrypoint-present",),
    reads=_READS,
    blocking=False,
)
def package_manager(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """HyperPod's images are Ubuntu on Slurm and Amazon Linux 2023 on EKS: `yum` is not there, or `apt-get` is not.

    Scripts that ask which system they are on are left alone, and so are groups with an image of their own.
    Source: AWS documentation, SageMaker HyperPod AMI releases.
    """
    rule = partial(script_rules.other_systems_packages, system=system_of(spec))
    for one in reached(spec, world):
        if one.entry.group.image_id in {None, "default"}:
            yield from (_told(warn, one, fault) for fault in rule(one.script))


@check(
    "lifecycle-unbounded-loop",
    "lifecycle scripts wait for nothing without end",
    about=("instance_groups",),
    needs=("lifecycle-entrypoint-present",),
    reads=_READS,
    blocking=False,
)
def unbounded_loop(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """A loop that waits for a mount or a lock, and counts nothing, hangs until "Lifecycle scripts execution timed out".

    Nothing tells then what it waited for. Loops that count attempts or seconds, read input, or run in the background
    are left alone.
    """
    yield from _each(warn, script_rules.endless_waits, spec, world)


@check(
    "lifecycle-retries",
    "lifecycle scripts try downloads again",
    about=("instance_groups",),
    needs=("lifecycle-entrypoint-present",),
    reads=_READS,
    blocking=False,
)
def retries(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """One slow mirror, and one node of many fails ("Unable to fetch some archives", "Connection timed out").

    A cluster without continuous provisioning is rolled back for that. Commands that try again by themselves (pip,
    wget, the AWS CLI), loops, and scripts with a function for it are left alone.
    """
    yield from _each(warn, script_rules.single_attempts, spec, world)


@check(
    "lifecycle-known-bad",
    "lifecycle scripts are no old samples",
    about=("instance_groups",),
    needs=("lifecycle-entrypoint-present",),
    reads=_READS,
    blocking=False,
)
def known_bad(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """AWS's sample scripts had faults that were mended since, and copies of them live on in buckets.

    Known are a package list of the AMI that answers 403, a home directory that moves before `/fsx` can be written,
    and a containerd configuration of Amazon Linux 2. Source: awslabs/awsome-distributed-ai, issues 632 and 678 to 680.
    """
    yield from _each(warn, script_rules.old_samples, spec, world)


@check(
    "lifecycle-secrets",
    "lifecycle scripts hold no secrets",
    about=("instance_groups",),
    needs=("lifecycle-entrypoint-present",),
    reads=_READS,
    blocking=False,
)
def secrets(spec: ClusterSpec, world: World) -> Iterator[Finding]:
    """Whoever may read the bucket or log in to a node reads the scripts, and every secret in them.

    Nodes can ask Secrets Manager with their execution role instead.
    """
    yield from _each(warn, script_rules.secrets, spec, world)


def system_of(spec: ClusterSpec) -> System:
    """Return what the nodes of a cluster run when their groups name no image."""
    return System.AMAZON_LINUX if spec.kind_of_orchestrator is Orchestrator.EKS else System.UBUNTU


def shell_faults(script: Script, world: World) -> Iterator[Fault]:
    """Yield what Bash does not understand; raises `UnavailableError` where there is no Bash."""
    for fault in world.shell_faults(script.text.encode()):
        yield Fault(fault.line, f"Bash cannot read it: {fault.message}", "mend that line")


def missing_companions(script: Script, names: set[str]) -> Iterator[Fault]:
    """Yield the files that a script calls by relative names, and that are not among `names`."""
    if script.language != "shell":
        return
    there = {name.rpartition("/")[2] for name in names}
    for line in script.lines:
        for found in _CALLED.finditer(line.text) if line.code.strip() else ():
            name = posixpath.basename(found["path"])
            if name not in there and not re.search(_MADE.format(re.escape(name)), script.text):
                there.add(name)
                yield Fault(line.number, f"runs `{name}`, which is not there", f"add `{name}`, or do without it")


_PYTHON: Final[Rule] = script_rules.misread_python


def _each(tell: Callable[..., Finding], rule: Rule, spec: ClusterSpec, world: World) -> Iterator[Finding]:
    for one in reached(spec, world):
        yield from (_told(tell, one, fault) for fault in rule(one.script))


def _told(tell: Callable[..., Finding], one: Reached, fault: Fault) -> Finding:
    return tell(
        f"instance group/{one.entry.group.name}",
        f"`{one.uri}` line {fault.line} {fault.message}",
        *([f"line: {without_secrets(fault.shown)[:_SHOWN]}"] if fault.shown else []),
        remedy=fault.remedy,
        at=one.entry.path,
    )
