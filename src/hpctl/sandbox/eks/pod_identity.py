"""Pod Identity associations of an EKS cluster (botocore 1.44.5, EKS service model)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.moto_api._internal import mock_random

from hpctl.sandbox.clock import moment
from hpctl.sandbox.eks.addons import EksError

Association = dict[str, Any]
_SUMMARY = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")


def create(associations: dict[str, Association], cluster_arn: str, members: dict[str, Any]) -> Association:
    """Add an association; raises EksError where the service account has one."""
    wanted = (members["namespace"], members["serviceAccount"])
    if any((one["namespace"], one["serviceAccount"]) == wanted for one in associations.values()):
        message = f"Association already exists: {members['serviceAccount']} in {members['namespace']}"  # [unverified]
        raise EksError("ResourceInUseException", message)
    unique, now = f"a-{mock_random.get_random_hex(17)}", moment().at
    kept = {key: value for key, value in members.items() if key not in ("name", "clientRequestToken")}
    arn = cluster_arn.replace(":cluster/", ":podidentityassociation/") + f"/{unique}"
    dates = {"createdAt": now, "modifiedAt": now}
    associations[unique] = {**kept, "associationId": unique, "associationArn": arn, **dates}
    return associations[unique]


def summaries(associations: dict[str, Association], wanted: Callable[[str], Any]) -> list[Association]:
    """Return the rows of a list; `wanted` returns the value of a member that rows are chosen by, or None."""
    chosen = [key for key in ("namespace", "serviceAccount") if wanted(key)]
    rows = [one for one in associations.values() if all(one[key] == wanted(key) for key in chosen)]
    return [{key: row[key] for key in _SUMMARY} for row in rows]


def one_of(associations: dict[str, Association], association_id: str) -> Association:
    """Return an association; raises EksError when there is none."""
    try:
        return associations[association_id]
    except KeyError:
        message = f"No association found for id: {association_id}"  # [unverified]
        raise EksError("ResourceNotFoundException", message) from None
