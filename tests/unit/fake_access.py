"""Who calls, and what roles and keys allow, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hpctl.errors import NotFoundError
from hpctl.facts.records import Identity, KmsKey, Role, Verdict
from tests.unit.builders import KEY_ARN, a_role, an_identity
from tests.unit.fake_calls import CallLog


class FakeCaller:
    """The one who calls."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.who = an_identity()
        self.skew_s = 0.4
        self.left_s: float | None = None
        self.profile: str | None = "team"

    def identity(self) -> Identity:
        self._log.record("caller.identity")
        return self.who

    def clock_skew_s(self) -> float:
        self._log.record("caller.clock_skew_s")
        return self.skew_s

    def credentials_left_s(self) -> float | None:
        self._log.record("caller.credentials_left_s")
        return self.left_s

    def pinned_profile(self) -> str | None:
        self._log.record("caller.pinned_profile")
        return self.profile


class FakeIam:
    """Roles, and a simulation that allows everything that `deny` did not name, but to administer IAM."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self._denied: list[tuple[str | None, Verdict]] = []
        for action in ("iam:AttachRolePolicy", "iam:CreateAccessKey", "iam:PutRolePolicy"):
            self.deny(action)
        self.known_roles = [a_role()]

    def deny(
        self,
        action: str,
        *,
        principal_arn: str | None = None,
        decision: str = "implicitDeny",
        by_organization: bool = False,
        by_boundary: bool = False,
    ) -> None:
        """Deny `action` on every resource, to one principal or (by default) to all."""
        verdict = Verdict(action, "*", allowed=False, decision=decision)
        why = replace(verdict, by_organization=by_organization, by_boundary=by_boundary)
        self._denied.append((principal_arn, why))

    def allow_everything(self) -> None:
        """Take every denial back, that to administer IAM too."""
        self._denied.clear()

    def role(self, name: str) -> Role:
        self._log.record("iam.role", name)
        for role in self.known_roles:
            if role.name == name:
                return role
        raise NotFoundError(f"there is no role `{name}`")

    def simulate(self, principal_arn: str, actions: Iterable[str], resources: Iterable[str]) -> tuple[Verdict, ...]:
        wanted, things = tuple(actions), tuple(resources)
        self._log.record("iam.simulate", principal_arn, wanted, things)
        return tuple(self._verdict(principal_arn, action, thing) for action in wanted for thing in things)

    def _verdict(self, principal_arn: str, action: str, resource: str) -> Verdict:
        for principal, verdict in self._denied:
            if verdict.action == action and principal in (None, principal_arn):
                return replace(verdict, resource=resource)
        return Verdict(action, resource, allowed=True, decision="allowed")


class FakeKeys:
    """KMS keys by their ARNs and their aliases, and what their own policies allow to whom."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self.known_keys = [KmsKey(KEY_ARN)]
        self.aliases: dict[str, str] = {}
        self.allowed: dict[tuple[str, str], frozenset[str]] = {}

    def key(self, key_id: str) -> KmsKey:
        self._log.record("keys.key", key_id)
        wanted = self.aliases.get(key_id, key_id)
        for key in self.known_keys:
            if wanted in (key.arn, key.arn.rpartition("/")[2]):
                return key
        raise NotFoundError(f"there is no key `{key_id}`")

    def actions_by_policy(self, key_arn: str, role_arn: str) -> frozenset[str]:
        self._log.record("keys.actions_by_policy", key_arn, role_arn)
        return self.allowed.get((key_arn, role_arn), frozenset())
