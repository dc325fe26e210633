"""IAM actions against botocore's service models: most actions are named after an operation."""

from __future__ import annotations

from collections import defaultdict

import botocore.session
import pytest

from hpctl.catalog.iam_actions import action_sets
from hpctl.checks.catalogue import CHECKS

ACTIONS_OF_NO_OPERATION = {"iam:PassRole", "s3:GetBucketLocation", "s3:ListBucket"}
"""Permissions that are no operation of their own, or one of another name (IAM's service authorization reference)."""

SERVICES = {"logs": "logs", "servicequotas": "service-quotas"}
"""botocore's names of services where they differ from IAM's prefixes."""

WITHOUT_A_MODEL = {"eks-auth", "https", "kubernetes", "ssmmessages"}
"""Prefixes of services that only agents speak to, and of what is no service of AWS."""


def _by_service() -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    named = {action for row in action_sets().values() for action in row.actions}
    for action in named | {action for one in CHECKS for action in one.reads}:
        service, _, operation = action.partition(":")
        if action not in ACTIONS_OF_NO_OPERATION and service not in WITHOUT_A_MODEL:
            found[service].add(operation)
    return found


@pytest.mark.parametrize(("service", "operations"), sorted(_by_service().items()))
def test_an_action_is_an_operation_of_its_service(service: str, operations: set[str]) -> None:
    model = botocore.session.get_session().get_service_model(SERVICES.get(service, service))
    assert operations - set(model.operation_names) == set()
