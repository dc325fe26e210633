"""The page of rules, from the rows by which the tests prove them."""

from __future__ import annotations

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

_WHEN = {
    Ending.INVALID: "refused",
    Ending.LIMITED: "refused",
    Ending.FAILS: "fails",
}


def rules() -> str:
    """Return the page."""
    heads = ("mistake", "on", "check", "without the check", "AWS's words", "seen", "explained as", "remedy")
    return page("Rules", "`tests/functional/rules/table.py`", INTRODUCTION, table(heads, map(_row, RULES)))


def _row(rule: Rule) -> tuple[str, ...]:
    ending = _WHEN[rule.ending] + (f", {code(rule.ending.value)}" if _WHEN[rule.ending] == "refused" else "")
    seen = "yes" if rule.verified else "no"
    remedy = code(rule.remedy) if rule.remedy.startswith("aws ") else rule.remedy
    return rule.name, _ON[rule.example], _check(rule), ending, code(rule.words), seen, _explained(rule), remedy


_ON = {"eks": "EKS", "slurm": "Slurm"}


def _check(rule: Rule) -> str:
    if rule.check is None:
        return "none can know"
    linked = f"[{code(rule.check)}](checks/{rule.check}.md)"
    return f"{linked} (with {code(' '.join(rule.beside))})" if rule.beside else linked


def _explained(rule: Rule) -> str:
    names = (name for name in (rule.explained, rule.by_logs) if name)
    return ", by its logs ".join(f"[{code(name)}](failures/{name}.md)" for name in names)
