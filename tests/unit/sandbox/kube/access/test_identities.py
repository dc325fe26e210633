"""Whom a cluster takes somebody for."""

from __future__ import annotations

import pytest

from hpctl.sandbox.eks.cluster import AccessEntry
from hpctl.sandbox.kube.access.identities import Identity, known
from hpctl.sandbox.kube.resources import Object, User
from tests.unit.sandbox.kube.access.clusters import ACCOUNT, ALICE, ROLE, SESSION, entry, record

DEV = "username: dev:{{SessionName}}\n  groups: [a, b]\n"
AWS_AUTH = {
    "data": {
        "mapRoles": f"- rolearn: arn:aws:iam::{ACCOUNT}:role/dev\n  {DEV}",
        "mapUsers": f"- userarn: {ALICE}\n  groups:\n  - system:masters\n",
    }
}


def known_as(arn: str, *entries: AccessEntry, mode: str = "API", config: Object | None = None) -> User | None:
    return known(Identity(arn), record(*entries, mode=mode), mode, config)


def test_a_user_is_who_its_entry_says() -> None:
    found = known_as(ALICE, entry(kubernetesGroups=["viewers"]))
    assert found is not None
    assert (found.name, found.groups) == (ALICE, ("viewers", "system:authenticated"))
    assert dict(found.extra)["canonicalArn"] == (ALICE,)


def test_a_session_of_a_role_is_told_by_its_name_and_the_roles_path_does_not_matter() -> None:
    name = f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/{{{{SessionName}}}}"
    found = known_as(SESSION, entry(ROLE, username=name))
    assert found is not None
    assert found.name == f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/ann-example.org"
    raw = known_as(SESSION, entry(ROLE, username="x:{{SessionNameRaw}}:{{AccountID}}"))
    assert raw is not None
    assert raw.name == f"x:ann@example.org:{ACCOUNT}"


@pytest.mark.parametrize(
    "principal",
    [
        f"arn:aws:iam::{ACCOUNT}:role/other",
        f"arn:aws:iam::{ACCOUNT}:user/dev",
        "arn:aws:iam::999999999999:role/dev",
        SESSION,
        "nonsense",
    ],
)
def test_an_entry_of_somebody_else_lets_nobody_in(principal: str) -> None:
    assert known_as(SESSION, entry(principal)) is None


def test_the_mode_decides_what_counts() -> None:
    assert known_as(ALICE, entry(), mode="CONFIG_MAP") is None
    assert known_as(ALICE, mode="API", config=AWS_AUTH) is None
    assert known_as(ALICE, mode="CONFIG_MAP", config=AWS_AUTH) is not None
    both = known_as(ALICE, entry(), mode="API_AND_CONFIG_MAP", config=AWS_AUTH)
    assert both is not None
    assert both.groups == ("system:authenticated",)


def test_aws_auth_gives_names_and_groups() -> None:
    found = known_as(SESSION, mode="CONFIG_MAP", config=AWS_AUTH)
    assert found is not None
    assert (found.name, found.groups) == ("dev:ann-example.org", ("a", "b", "system:authenticated"))


@pytest.mark.parametrize("text", ["- : [", "just text", "{}", "", "- 1"])
def test_an_aws_auth_that_makes_no_sense_lets_nobody_in(text: str) -> None:
    assert known_as(ALICE, mode="CONFIG_MAP", config={"data": {"mapUsers": text}}) is None


def test_who_created_a_cluster_without_entries_is_its_administrator() -> None:
    cluster = record(mode="CONFIG_MAP", creator=ALICE)
    found = known(Identity(ALICE), cluster, "CONFIG_MAP", None)
    assert found is not None
    assert (found.name, found.groups) == ("kubernetes-admin", ("system:masters", "system:authenticated"))
    assert known(Identity(SESSION), cluster, "CONFIG_MAP", None) is None
    cluster.members["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] = False
    assert known(Identity(ALICE), cluster, "CONFIG_MAP", None) is None


def test_the_entry_of_nodes_puts_them_into_the_groups_of_nodes() -> None:
    found = known_as(SESSION, entry(ROLE, type="HYPERPOD_LINUX"))
    assert found is not None
    assert {"system:nodes", "system:bootstrappers"} <= set(found.groups)
