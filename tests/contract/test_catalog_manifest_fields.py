"""The fields of manifests are those of Kubernetes' OpenAPI and of the published CustomResourceDefinitions."""

from __future__ import annotations

import json
import os
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hpctl.catalog.manifest_fields import manifest_kind, resolved
from hpctl.spec.manifest import JOB_KINDS

pytestmark = pytest.mark.contract

ROOT = Path(__file__).resolve().parents[2]
TOOL = runpy.run_path(str(ROOT / "tools/extract_manifest_fields.py"))
COMMITTED: dict[str, Any] = json.loads(TOOL["TARGET"].read_text(encoding="utf-8"))
PUBLISHED = ROOT.parent / "shared/schemas/crds"


def references(node: Any) -> Iterator[str]:
    match node:
        case str() if node.startswith("@"):
            yield node[1:]
        case dict():
            for below in node.values():
                yield from references(below)
        case list():
            for below in node:
                yield from references(below)


def test_the_built_in_kinds_are_those_of_the_openapi_definitions() -> None:
    assert COMMITTED["definitions"] == TOOL["builtin"]()


def test_the_custom_kinds_are_those_of_the_published_definitions() -> None:
    if not PUBLISHED.is_dir():
        assert not os.environ.get("CI"), "the published schemas are missing"
        pytest.skip("needs the published schemas beside the project, in shared/schemas")
    assert json.loads(TOOL["extract"](PUBLISHED)) == COMMITTED


def test_every_reference_leads_somewhere() -> None:
    assert set(references(COMMITTED)) <= COMMITTED["definitions"].keys()


def test_every_kind_of_job_is_known() -> None:
    kinds = {tuple(name.split(" ")) for name in COMMITTED["kinds"]}
    assert {(version.rpartition("/")[0], kind) for version, kind in kinds} >= set(JOB_KINDS)


def test_a_pod_template_is_the_same_everywhere() -> None:
    job = resolved(manifest_kind("batch/v1", "Job") or "")
    assert isinstance(job, dict)
    spec = resolved(job["spec"])
    assert isinstance(spec, dict)
    assert spec["template"] == "@PodTemplateSpec"
    assert manifest_kind("batch/v1", "Jobs") is None
