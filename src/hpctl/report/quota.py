"""What service quotas allow, and what is taken and asked of them."""

from __future__ import annotations

from typing import Literal

from hpctl.report.base import Part, Report


class QuotaFacts(Part):
    """One quota. `limit` and `fits` are null where AWS does not list it.

    `used` is what others have of it, `needed` what the spec asks for beside that (0 without a spec), `pending` the
    value that an increase asks for that nobody has decided on. `fits` says whether the quota covers both; where
    a group may have several types, it is said of their quotas together, and `shared_with` names the others. `request`
    is the command that asks AWS for what is lacking.
    """

    quota: str
    code: str | None
    service: str
    instance_type: str | None = None
    limit: float | None
    used: int
    needed: int = 0
    pending: float | None = None
    pending_case: str | None = None
    fits: bool | None
    shared_with: tuple[str, ...] = ()
    request: str | None = None


class QuotaListReport(Report):
    """Quotas of an account and Region."""

    kind: Literal["QuotaList"] = "QuotaList"
    account: str
    region: str
    quotas: tuple[QuotaFacts, ...]

    def names(self) -> tuple[str, ...]:
        """Return the codes by which the AWS CLI knows the quotas, the name where there is no code."""
        return tuple(row.code or row.quota for row in self.quotas)
