"""Say of a check why it is there, what it looks at, and which known failures it sees beforehand."""

from __future__ import annotations

import inspect
from typing import Final

from hpctl.catalog.failures import known_failures
from hpctl.catalog.nearest import nearest
from hpctl.checks.catalogue import CHECKS
from hpctl.errors import NotFoundError
from hpctl.report.explanation import CheckPageReport
from hpctl.services.doctor import JUDGES

_PAGE: Final = "docs/reference/checks/{}.md"


def explain_check(check_id: str) -> CheckPageReport:
    """Return a check's page by its id; `NotFoundError` when there is no such check."""
    one = next((one for one in CHECKS if one.id == check_id), None)
    if one is None:
        close = nearest(check_id, (one.id for one in CHECKS))
        hint = "\n".join(f"hpctl explain --check {near}" for near in close) or "hpctl doctor --list"
        raise NotFoundError(f"there is no check `{check_id}`", hint=hint)
    return CheckPageReport(
        check=one.id,
        title=one.title,
        text=inspect.cleandoc(one.page),
        judges=JUDGES[one.target],
        blocking=one.blocking,
        needs=one.needs,
        reads=one.reads,
        failures=tuple(row.id for row in known_failures() if one.id in row.checks),
        page=_PAGE.format(one.id),
    )
