"""Who may use a KMS key: moto's keys, judged by the policies of role and key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from moto.kms.models import kms_backends

from hpctl.sandbox.iam.principals import Principal
from hpctl.sandbox.policies import ALLOWED, IMPLICIT_DENY, Question, names_role

# So begin the aliases of keys that AWS manages: who may use the service may use its key.
_OWN_ALIAS = "alias/aws/"


@dataclass(frozen=True)
class KeyUser:
    """A role that uses keys of its own account and Region."""

    arn: str
    role: Principal
    account_id: str
    region: str

    def may(self, action: str, key_id: str) -> bool:
        """Whether the key is enabled, and the role's policies allow it, or the key's own policy, by the role's name."""
        if _OWN_ALIAS in key_id:
            return True
        key = self._key(key_id)
        if key is None or key.key_state != "Enabled":
            return False
        question = Question(action, key.arn, self._context)
        answer = self.role.answer(question)
        if answer.decision == IMPLICIT_DENY and answer.bounded is not False:
            return names_role(json.loads(key.policy), self.arn, question)
        return answer.decision == ALLOWED

    @property
    def _context(self) -> dict[str, tuple[str, ...]]:
        return {
            "kms:calleraccount": (self.account_id,),
            "kms:grantisforawsresource": ("true",),
            "kms:viaservice": (f"s3.{self.region}.amazonaws.com", f"ec2.{self.region}.amazonaws.com"),
        }

    def _key(self, key_id: str) -> Any:
        backend = kms_backends[self.account_id][self.region]
        alias = backend.get_alias_name(key_id)
        if alias.startswith("alias/") and not backend.alias_exists(alias):
            return None
        key = backend.keys.get(backend.any_id_to_key_id(key_id))
        # An ARN names its Region and its account, too.
        return None if key is None or (key_id.startswith("arn:") and alias == key_id != key.arn) else key
