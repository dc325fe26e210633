"""Examine lifecycle scripts before nodes run them: a folder of this machine, or what lies in S3."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import basename
from typing import Any, Final, NoReturn, cast

from hpctl.catalog.failures import known_failures
from hpctl.catalog.lifecycle_scripts import ENTRY
from hpctl.checks.catalogue import CLUSTER_CHECKS
from hpctl.checks.declare import Check
from hpctl.checks.engine import Locate, run_checks
from hpctl.checks.slurm_files import FILE
from hpctl.errors import NotFoundError, UnavailableError
from hpctl.facts.ports import Ports
from hpctl.facts.records import StoredObject
from hpctl.facts.script_ports import Shell
from hpctl.facts.world import World
from hpctl.report.check import CheckReport, CheckResult, Finding
from hpctl.services.lifecycle import ROLES
from hpctl.services.upload import LocalScripts
from hpctl.spec.cluster import ClusterSpec
from hpctl.spec.group_parts import Lifecycle
from hpctl.spec.load import Loaded
from hpctl.terms import Outcome

_BUCKET: Final = "folder-of-this-machine"
_URI: Final = f"s3://{_BUCKET}/"
_ABOUT_S3: Final = frozenset({"lifecycle-prefix-exists", "lifecycle-bucket-region", "lifecycle-bucket-name"})
_ABOUT_SYSTEM: Final = frozenset({"lifecycle-package-manager"})
_ROLES_IN_FILES: Final = frozenset(
    {"slurm-model-exclusive", "slurm-params-parse", "slurm-params-match", "slurm-params-declared", "slurm-multi-head"}
)
_WORDS: Final = 160
"""Characters of AWS's words that are shown: enough to know them again."""

LINTS: Final[tuple[Check, ...]] = tuple(
    one for one in CLUSTER_CHECKS if one.id.startswith("lifecycle-") or one.id in _ROLES_IN_FILES
)
"""The checks that judge scripts, and the file of Slurm roles beside them."""


@dataclass(frozen=True)
class FolderPorts:
    """A folder in place of S3: what checks of scripts ask, and nothing else."""

    files: Mapping[str, bytes]
    shell: Shell

    @property
    def storage(self) -> FolderPorts:
        """The folder itself."""
        return self

    def objects(self, _bucket: str, prefix: str) -> tuple[StoredObject, ...]:
        """Return the files whose name begins with `prefix`."""
        return tuple(StoredObject(name, len(text)) for name, text in self.files.items() if name.startswith(prefix))

    def read(self, _bucket: str, key: str) -> bytes:
        """Return a file; raises `NotFoundError` when there is none."""
        if key not in self.files:
            raise NotFoundError(f"there is no `{key}`")
        return self.files[key]

    def __getattr__(self, name: str) -> NoReturn:
        """Say of everything else that a folder does not know it."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnavailableError("a folder does not tell this")


def lint_folder(local: LocalScripts, loaded: Loaded | None, shell: Shell) -> CheckReport:
    """Return what the checks say of the scripts in a folder, as nodes of the spec would run them.

    Without a spec `on_create.sh` runs, and what depends on the nodes' system is left out.
    """
    spec = _here(loaded.spec) if loaded else _stand_in(local.files)
    left_out = _ABOUT_S3 | (frozenset() if loaded else _ABOUT_SYSTEM | _ROLES_IN_FILES)
    checks = [one for one in LINTS if one.id not in left_out]
    world = World(cast("Ports", FolderPorts(local.files, shell)))
    report = run_checks(checks, (spec,), world, locate=_locator(loaded))
    results = tuple(_of_folder(result, local) for result in report.results)
    return report.model_copy(update={"subject": local.path, "results": tuple(map(with_aws_words, results))})


def lint_in_s3(loaded: Loaded, world: World) -> CheckReport:
    """Return what the checks say of the scripts that lie where the spec says."""
    report = run_checks(LINTS, (loaded.spec,), world, locate=_locator(loaded))
    return report.model_copy(update={"results": tuple(map(with_aws_words, report.results))})


def with_aws_words(result: CheckResult) -> CheckResult:
    """Return a result whose failures show what AWS, or the node, would say of them."""
    if result.outcome not in {Outcome.FAIL, Outcome.WARN} or (said := aws_words(result.id)) is None:
        return result
    told = (f"would end in: {said}",)
    shown = (
        one if one.level == "note" else one.model_copy(update={"evidence": one.evidence + told})
        for one in result.findings
    )
    return result.model_copy(update={"findings": tuple(shown)})


def aws_words(check_id: str) -> str | None:
    """Return the words of the first known failure that a check prevents, or None."""
    for row in known_failures():
        if check_id in row.checks and row.samples:
            words = " ".join(row.samples[0].split())
            return words if len(words) <= _WORDS else f"{words[:_WORDS]}…"
    return None


def _here(spec: ClusterSpec) -> ClusterSpec:
    groups = tuple(
        group.model_copy(update={"lifecycle": group.lifecycle.model_copy(update={"source_s3_uri": _URI})})
        if group.lifecycle
        else group
        for group in spec.instance_groups
    )
    return spec.model_copy(update={"instance_groups": groups})


def _stand_in(files: Iterable[str]) -> ClusterSpec:
    on_slurm = {FILE, ROLES} & set(files)
    group: dict[str, Any] = {"name": "nodes", "type": "ml.m5.2xlarge", "count": 1}
    role = "arn:aws:iam::000000000000:role/nodes"
    lifecycle = Lifecycle(source_s3_uri=_URI, on_create=ENTRY)
    return ClusterSpec.model_validate(
        {
            "name": "scripts",
            "orchestrator": None if on_slurm else {"eks": {"cluster": "scripts"}},
            "instance_groups": ({**group, "execution_role": role, "lifecycle": lifecycle},),
        }
    )


def _locator(loaded: Loaded | None) -> Locate:
    return loaded.source.where if loaded else lambda _path: None


def _of_folder(result: CheckResult, local: LocalScripts) -> CheckResult:
    findings = tuple(_localised(finding, local) for finding in result.findings)
    reason = result.reason and _in_folder(result.reason, local)
    return result.model_copy(update={"findings": findings, "reason": reason})


def _localised(finding: Finding, local: LocalScripts) -> Finding:
    """Return a finding about a file of the folder: where it is, and a remedy that needs no S3."""
    found = re.search(rf"`{re.escape(_URI)}(?P<name>[^`]+)`(?: line (?P<line>\d+))?", finding.message)
    update: dict[str, Any] = {
        "message": _in_folder(finding.message, local),
        "evidence": tuple(_in_folder(text, local) for text in finding.evidence),
    }
    if found and found["name"] in local.files:
        path = f"{local.path}/{found['name']}"
        update |= {"location": f"{path}:{found['line'] or 1}", "path": ()}
    if finding.remedy:
        update["remedy"] = _remedy(finding.remedy, local, found["name"] if found else None)
    return finding.model_copy(update=update)


def _remedy(remedy: str, local: LocalScripts, name: str | None) -> str:
    kept = [line for line in remedy.split("\n") if not line.startswith("aws s3 ")]
    if name is None or not kept:
        return _in_folder("\n".join(kept), local) if kept else f"put it into `{local.path}`"
    path = f"{local.path}/{name}"
    return "\n".join(re.sub(rf"(?<= ){re.escape(basename(name))}$", path, _in_folder(line, local)) for line in kept)


def _in_folder(text: str, local: LocalScripts) -> str:
    return text.replace(_URI, f"{local.path}/")
