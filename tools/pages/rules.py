"""The page of rules, from the rows by which the tests prove them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.functional.rules.live import REMOVED, STAGED, Removed, Staged
from tests.functional.rules.rule import Ending, Rule
from tests.functional.rules.table import RULES
from tools.pages.markdown import code, page, table

INTRODUCTION = """\
What AWS refuses, or accepts and fails later, and what hpctl says to it beforehand. Each row is a test: one of the
shipped examples gets the mistake, and `hpctl doctor -f` finds it and nothing else, not even a warning, unless the row
names one; `hpctl cluster create` refuses with exit code 20; with `--skip CHECK` it goes on, and the sandbox ends it in
AWS's words; of these, and of the cluster where there is one, `hpctl explain` names the cause; then the remedy that
hpctl shows is carried out, and the cluster gets into service.

*seen* says whether these words were seen in an answer or a document of AWS. Where they were not, the sandbox's
sentence is its own, and only the error code counts. `${NAME}` stands for what `hpctl sandbox env` exports, or for what
the test made."""

LIVE = """\
## Clusters that live

Here the fault strikes a cluster that is there. `hpctl doctor CLUSTER` finds what the row says and nothing else, its
evidence and `hpctl explain CLUSTER` name the failure, and both are content once the fault is over. The fault is that of
`hpctl sandbox inject FAULT --cluster CLUSTER`. A fault that goes on is also told by
[`live-fault-recurrence`](checks/live-fault-recurrence.md)."""

LIVE_KUBERNETES = """\
Something is taken out of a healthy cluster's Kubernetes, and put back when it was found."""

_WHEN = {
    Ending.INVALID: "refused",
    Ending.LIMITED: "refused",
    Ending.FAILS: "fails",
}


def rules() -> str:
    """Return the page."""
    heads = ("mistake", "on", "check", "without the check", "AWS's words", "seen", "explained as", "remedy")
    before = table(heads, map(_row, RULES))
    struck = table(("what happens", "on", "injected", "found by", "explained as", "what to do"), map(_staged, STAGED))
    removed = table(("what is missing", "taken out", "found by", "what to do"), map(_removed, REMOVED))
    source = "`tests/functional/rules/table.py` and `live.py`"
    return page("Rules", source, INTRODUCTION, before, LIVE, struck, LIVE_KUBERNETES, removed)


def _row(rule: Rule) -> tuple[str, ...]:
    ending = _WHEN[rule.ending] + (f", {code(rule.ending.value)}" if _WHEN[rule.ending] == "refused" else "")
    seen = "yes" if rule.verified else "no"
    explained = _explained(rule)
    return rule.name, _ON[rule.example], _check(rule), ending, code(rule.words), seen, explained, _typed(rule.remedy)


_ON = {"eks": "EKS", "slurm": "Slurm"}


def _check(rule: Rule) -> str:
    if rule.check is None:
        return "none can know"
    linked = f"[{code(rule.check)}](checks/{rule.check}.md)"
    return f"{linked} (with {code(' '.join(rule.beside))})" if rule.beside else linked


def _found(found: Mapping[str, str]) -> str:
    return ", ".join(f"[{code(name)}](checks/{name}.md) ({outcome})" for name, outcome in found.items())


def _staged(row: Staged) -> tuple[str, ...]:
    known = f"[{code(row.known)}](failures/{row.known}.md)"
    return row.name, _ON[row.example], code(row.fault), _found(row.found), known, _typed(row.remedy)


def _removed(row: Removed) -> tuple[str, ...]:
    return row.name, code(" ".join(row.place)), _found(row.found), _typed(row.remedy)


def _typed(remedy: str) -> str:
    return code(remedy) if remedy.startswith(("aws ", "helm ")) else remedy


def _explained(rule: Rule) -> str:
    names = (name for name in (rule.explained, rule.by_logs) if name)
    return ", by its logs ".join(f"[{code(name)}](failures/{name}.md)" for name in names)
