"""Who may do what on an EKS cluster: `ports.Access`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from hpctl.sandbox.eks.cluster import Cluster
from hpctl.sandbox.eks.token import signer
from hpctl.sandbox.kube.access.bootstrap import bootstrap
from hpctl.sandbox.kube.access.identities import CANONICAL, MASTERS, Identity, known
from hpctl.sandbox.kube.access.policies import ACCESS_POLICIES
from hpctl.sandbox.kube.access.rbac import GROUP, decided, rules_of
from hpctl.sandbox.kube.access.rules import Rule, allows, wishes
from hpctl.sandbox.kube.ports import Api
from hpctl.sandbox.kube.resources import Attributes, Decision, Object, Resource, User
from hpctl.sandbox.kube.status import StatusError, forbidden

__all__ = ["EksAccess", "bootstrap"]

_CONFIG: Final = ("kube-system", "aws-auth")
_ROLES: Final = ("Role", "ClusterRole")
_BINDINGS: Final = ("RoleBinding", "ClusterRoleBinding")


class EksAccess:
    """Access entries and policies of one EKS cluster, and the RBAC objects of its API."""

    def __init__(self, account: str, cluster: Cluster, api: Api, clock: Callable[[], datetime]) -> None:
        """Judge by the cluster's record and the objects of `api`, both as they are when asked."""
        self._account, self._cluster, self._api, self._clock = account, cluster, api, clock

    def user(self, token: str) -> User | None:
        """Return who a bearer token stands for, or None when it is not good or has no access entry."""
        now = self._clock()
        arn = signer(token, self._cluster.members["name"], self._account, now)
        if arn is None:
            return None
        mode = self._cluster.authentication_mode(now)
        return known(Identity(arn), self._cluster, mode, None if mode == "API" else self._config())

    def decide(self, user: User, wish: Attributes) -> Decision:
        """Judge a wish by the access policies and the RBAC objects of now."""
        if MASTERS in user.groups:
            return Decision(allowed=True)
        return self._by_policy(user, wish) or decided(self._api, user, wish)

    def refuse_escalation(self, user: User, resource: Resource, body: Object) -> None:
        """Refuse (403) to grant by a role or a binding what the user may not do, unless they may escalate or bind."""
        if resource.group != GROUP or resource.kind not in (*_ROLES, *_BINDINGS):
            return
        namespace = body.get("metadata", {}).get("namespace") or ""
        role, verb = body, "escalate"
        if resource.kind in _BINDINGS:
            role, verb = body.get("roleRef") or {}, "bind"
        name = (role.get("metadata") or role).get("name", "")
        kind = role.get("kind") or resource.kind
        wish = Attributes(verb, GROUP, f"{kind.lower()}s", "", namespace, name)
        if self.decide(user, wish).allowed:
            return
        rules = self._granted(verb, role, namespace)
        lacking = [one for one in wishes(rules, namespace) if not self.decide(user, one).allowed]
        if lacking:
            raise _escalation(user, resource, body["metadata"].get("name", ""), lacking)

    def _granted(self, verb: str, role: Object, namespace: str) -> tuple[Rule, ...]:
        if verb == "escalate":
            return tuple(role.get("rules") or ())
        try:
            return rules_of(self._api, role.get("kind", ""), role.get("name", ""), namespace or None)
        except StatusError:
            # Nobody knows yet what it will grant.
            return ()

    def _by_policy(self, user: User, wish: Attributes) -> Decision | None:
        principal = dict(user.extra).get(CANONICAL, ("",))[0]
        entry = self._cluster.access_entries.get(principal)
        for arn, policy in (entry.policies if entry else {}).items():
            if _covers(policy["accessScope"], wish) and allows(ACCESS_POLICIES.get(arn, ()), wish):
                name = arn.rpartition("/")[2]
                binding = f'ClusterRoleBinding "{principal}+{arn}" of ClusterRole "{name}"'
                return Decision(allowed=True, reason=f'EKS Access Policy: allowed by {binding} to User "{user.name}"')
        return None

    def _config(self) -> Object | None:
        try:
            return self._api.get(self._api.resource("v1", "ConfigMap"), *_CONFIG)
        except StatusError:
            return None


def _covers(scope: dict[str, Any], wish: Attributes) -> bool:
    """Whether an access scope is about what a wish is about; names of namespaces may have `*` in them."""
    if scope["type"] == "cluster":
        return True
    return bool(wish.namespace) and any(fnmatchcase(wish.namespace, one) for one in scope.get("namespaces") or ())


def _escalation(user: User, resource: Resource, name: str, lacking: list[Attributes]) -> StatusError:
    told = "\n".join(sorted({_rule(one) for one in lacking}))
    who = (
        f'user "{user.name}" (groups={list(user.groups)!r}) is attempting to grant RBAC permissions not currently held'
    )
    about = {"name": name, "group": resource.group, "kind": resource.plural}
    return forbidden(f'{resource.qualified} "{name}" is forbidden: {who}:\n{told}', details=about)


def _rule(wish: Attributes) -> str:
    if wish.path:
        return f'{{NonResourceURLs:["{wish.path}"], Verbs:["{wish.verb}"]}}'
    whole = f"{wish.resource}/{wish.subresource}" if wish.subresource else wish.resource
    names = f', ResourceNames:["{wish.name}"]' if wish.name else ""
    return f'{{APIGroups:["{wish.group}"], Resources:["{whole}"]{names}, Verbs:["{wish.verb}"]}}'
