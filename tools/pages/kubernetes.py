"""The page of the sandbox's Kubernetes, from the suite that holds it to the API: what is covered, what is not there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from hpctl.sandbox.kube.builtins import ELSEWHERE, SUBRESOURCES_ELSEWHERE
from tests.contract.kubernetes.kinds import INSIDE, OUTSIDE
from tools.pages.markdown import bullets, code, codes, page, sections, table

TESTS = Path(__file__).resolve().parents[2] / "tests"
SUITES = {
    "With the API alone": TESTS / "contract" / "kubernetes",
    "With kubectl": TESTS / "functional" / "kubectl",
}

INTRODUCTION = """\
The Kubernetes of a sandbox's EKS clusters is held to a suite that speaks of the Kubernetes API alone: raw HTTPS, the
Python client and real kubectl. It runs against the sandbox with every `make test`, and against any cluster whose
kubeconfig `HPCTL_TEST_KUBECONFIG` names. A workflow runs it on kind with Kubeflow's training operator. Each line
below is a test; what stands behind a colon are its cases.

[Architecture](../explanation/architecture.md#the-sandboxs-kubernetes) tells what of it is real and what is stood in
for."""

_ABSENT = """\
Asked for any of this, the sandbox answers 501 with reason `NotImplemented`. It never pretends. What no Kubernetes has
is 404, as everywhere."""

_STOOD_IN = (
    "CronJobs and StatefulSets are listed, and making one is 501: no controller would act on it. So are MPIJobs.",
    "Images are not pulled: containers run the programs of the machine that the sandbox runs on.",
    "CEL rules of custom resources (`x-kubernetes-validations`) are not evaluated; who brings some is warned.",
    "Versions of a custom resource differ in their `apiVersion` alone: conversion webhooks are not called.",
    "There is no admission by webhooks or policies, no garbage collection of finished pods, no autoscaling.",
    "NetworkPolicies, PersistentVolumes, RuntimeClasses and PodDisruptionBudgets are kept; nothing follows from them.",
    "Answers are JSON, and tables; bodies may also be YAML.",
)


def kubernetes() -> str:
    """Return the page."""
    covered = sections((name, _covered(folder)) for name, folder in SUITES.items())
    absent = sections([("Not there", _absent())])
    source = "`tests/contract/kubernetes`, `tests/functional/kubectl` and the table of kinds"
    return page("Kubernetes of the sandbox", source, INTRODUCTION, covered, absent)


def _covered(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        summary = (ast.get_docstring(tree) or "").splitlines()[0].removesuffix(".")
        yield f"### {summary}"
        if path.stem == "test_kinds":
            elsewhere = {plural for _, plural in ELSEWHERE}
            yield f"Of each of {codes(kind for kind in (*INSIDE, *OUTSIDE) if kind not in elsewhere)}:"
        yield bullets(_rows(tree))


def _rows(tree: ast.Module) -> Iterator[str]:
    tables = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            cases = [case for decorator in node.decorator_list for case in _cases(decorator, tables)]
            words = node.name.removeprefix("test_").replace("_", " ")
            yield f"{words}: {'; '.join(cases)}" if cases else words


def _cases(decorator: ast.expr, tables: dict[str, ast.expr]) -> Iterator[str]:
    """Yield the cases of a test whose names are written out: the keys of a table, or a list of words."""
    if not isinstance(decorator, ast.Call) or not ast.unparse(decorator.func).endswith("parametrize"):
        return
    values = decorator.args[1]
    if isinstance(values, ast.Name):
        values = tables.get(values.id, values)
    rows = values.keys if isinstance(values, ast.Dict) else getattr(values, "elts", [])
    words = (row.value for row in rows if isinstance(row, ast.Constant) and isinstance(row.value, str))
    yield from (word for word in words if word and word.isprintable())


def _absent() -> Iterator[str]:
    yield _ABSENT
    groups: dict[str, list[str]] = {}
    for group, plural in sorted(ELSEWHERE):
        groups.setdefault(group or "core", []).append(plural)
    rows = [(code(group), codes(plurals)) for group, plurals in groups.items()]
    rows.append(("subresources", codes("/".join(pair) for pair in sorted(SUBRESOURCES_ELSEWHERE))))
    yield table(("group", "resources"), rows)
    yield bullets(_STOOD_IN)
