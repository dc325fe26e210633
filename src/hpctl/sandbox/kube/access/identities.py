"""Who somebody is to an EKS cluster: an access entry or, where the mode has it, a row of the ConfigMap aws-auth.

Sources: EKS user guide, "Create access entries" (user names and groups) and "Grant IAM users access to Kubernetes with
a ConfigMap"; aws-iam-authenticator, whose `extra` fields these are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hpctl.sandbox.eks.cluster import AccessEntry, Cluster
from hpctl.sandbox.kube.resources import Object, User

AUTHENTICATED: Final = "system:authenticated"
MASTERS: Final = "system:masters"
CANONICAL: Final = "canonicalArn"
"""The `extra` that names the principal whose access entry it is."""
_CREATOR: Final = "kubernetes-admin"
_NODES: Final = ("system:bootstrappers", "system:nodes")
_STANDARD: Final = "STANDARD"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed a token: an IAM user, or a session of a role."""

    arn: str
    """As GetCallerIdentity tells it."""

    @property
    def session(self) -> str:
        """The name of the role's session, "" of a user."""
        return self.arn.rpartition("/")[2] if ":assumed-role/" in self.arn else ""

    @property
    def role(self) -> str:
        """The role's name, "" of a user."""
        return self.arn.partition(":assumed-role/")[2].partition("/")[0]

    @property
    def account(self) -> str:
        """The account's number."""
        return self.arn.split(":")[4]

    def is_of(self, principal: str) -> bool:
        """Whether an IAM principal's ARN is this one's; the path of a role is not part of its sessions' ARNs."""
        kind, _, name = principal.partition("::")[2].partition(":")[2].partition("/")
        account = principal.split(":")[4] if principal.count(":") > 4 else ""  # noqa: PLR2004 - arn:aws:iam::account:name
        if account != self.account:
            return False
        if self.role:
            return kind == "role" and name.rpartition("/")[2] == self.role
        return principal == self.arn or (kind == "user" and self.arn.endswith(f":user/{name.rpartition('/')[2]}"))


def known(identity: Identity, cluster: Cluster, mode: str, config: Object | None) -> User | None:
    """Return whom a cluster takes somebody for, None when it does not know them; `config` is the ConfigMap aws-auth.

    An access entry counts before a row of aws-auth for the same principal.
    """
    if mode != "CONFIG_MAP":
        for principal, entry in cluster.access_entries.items():
            if identity.is_of(principal):
                return _by_entry(identity, principal, entry)
    if mode == "API":
        return None
    if cluster.creator and identity.is_of(cluster.creator) and _let_in(cluster):
        return _user(identity, cluster.creator, _CREATOR, [MASTERS])
    return _by_config(identity, config)


def _let_in(cluster: Cluster) -> bool:
    """Whether the creator has been an administrator from the start, in a way that no access entry shows."""
    access = cluster.members["accessConfig"]
    first_mode = access.get("authenticationMode", "CONFIG_MAP")
    return first_mode == "CONFIG_MAP" and bool(access.get("bootstrapClusterCreatorAdminPermissions", True))


def _by_entry(identity: Identity, principal: str, entry: AccessEntry) -> User:
    told = entry.entry
    groups = list(told.get("kubernetesGroups") or ())
    if told.get("type", _STANDARD) != _STANDARD:
        return _user(identity, principal, f"system:node:{identity.session}", [*groups, *_NODES])
    return _user(identity, principal, str(told["username"]), groups)


def _by_config(identity: Identity, config: Object | None) -> User | None:
    data = (config or {}).get("data") or {}
    rows = (("rolearn", data.get("mapRoles")), ("userarn", data.get("mapUsers")))
    for field, text in rows:
        for row in _rows(text):
            principal = str(row.get(field, ""))
            if identity.is_of(principal):
                name = str(row.get("username") or identity.arn)
                return _user(identity, principal, name, [str(group) for group in row.get("groups") or ()])
    return None


def _rows(text: Any) -> Iterable[Mapping[str, Any]]:
    try:
        rows = YAML(typ="safe", pure=True).load(text or "")
    except YAMLError:
        return ()
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else ()


def _user(identity: Identity, principal: str, name: str, groups: list[str]) -> User:
    filled = (
        name.replace("{{SessionNameRaw}}", identity.session)
        .replace("{{SessionName}}", identity.session.replace("@", "-"))
        .replace("{{AccountID}}", identity.account)
    )
    extra = (("arn", (identity.arn,)), (CANONICAL, (principal,)), ("sessionName", (identity.session,)))
    return User(filled, (*groups, AUTHENTICATED), extra)
