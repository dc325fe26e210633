"""What KMS tells of keys: the port `facts.ports.Keys`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from hpctl.adapters.aws.errors import reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.errors import UnavailableError
from hpctl.facts.records import KmsKey

_THE_ONE_NAME: Final = "default"
"""A key has one policy, of this name (AWS KMS API Reference, GetKeyPolicy)."""

_ANYBODY: Final = "*"


class AwsKeys:
    """Reads keys and their policies."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def key(self, key_id: str) -> KmsKey:
        """Return the key of an id, an ARN or an alias."""
        return key_of(self._session.call("kms", "DescribeKey", KeyId=key_id))

    def actions_by_policy(self, key_arn: str, role_arn: str) -> frozenset[str]:
        """Return the actions that the key's own policy allows a role by its name.

        Conditions are taken to hold. A policy that names the account instead leaves it to IAM, and says nothing here.

        Raises:
            UnavailableError: the policy is no JSON object.
        """
        text = policy_of(self._session.call("kms", "GetKeyPolicy", KeyId=key_arn, PolicyName=_THE_ONE_NAME))
        try:
            document = json.loads(text)
        except ValueError as error:
            raise UnavailableError(f"the policy of key `{key_arn}` cannot be read: {error}") from error
        if not isinstance(document, Mapping):
            raise UnavailableError(f"the policy of key `{key_arn}` cannot be read: it is no JSON object")
        return frozenset(
            str(action)
            for one in _several(document.get("Statement"))
            if one.get("Effect") == "Allow" and _names(one.get("Principal"), role_arn)
            for action in _several(one.get("Action"))
        )


@reads("kms:DescribeKey")
def key_of(answer: Mapping[str, Any]) -> KmsKey:
    """Read DescribeKey."""
    told = answer["KeyMetadata"]
    return KmsKey(
        arn=told["Arn"],
        managed_by_aws=told.get("KeyManager") == "AWS",
        state=told["KeyState"],
        spec=told.get("KeySpec", "SYMMETRIC_DEFAULT"),
    )


@reads("kms:GetKeyPolicy")
def policy_of(answer: Mapping[str, Any]) -> str:
    """Read GetKeyPolicy."""
    policy: str = answer["Policy"]
    return policy


def _names(principal: Any, role_arn: str) -> bool:
    named = principal if isinstance(principal, Mapping) else {"AWS": principal}
    return bool({role_arn, _ANYBODY} & set(map(str, _several(named.get("AWS")))))


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
