"""The policies of a role, a user or a group, as moto keeps them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from moto.iam.exceptions import NotFoundException

from hpctl.sandbox.policies import ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY, Answer, Question, evaluate

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend

Document = dict[str, Any]
_STRENGTHS = (EXPLICIT_DENY, IMPLICIT_DENY, ALLOWED)


@dataclass(frozen=True)
class Principal:
    """A principal's own policies, and its permissions boundary if it has one."""

    documents: tuple[Document, ...]
    boundary: Document | None = None

    def answer(self, question: Question) -> Answer:
        """Return what all of its policies together say."""
        own = evaluate(self.documents, question)
        if self.boundary is None:
            return own
        bound = evaluate([self.boundary], question)
        weakest = min(own, bound, key=lambda answer: _STRENGTHS.index(answer.decision))
        return replace(weakest, bounded=bound.decision == ALLOWED)

    def may(self, action: str, resource: str = "*") -> bool:
        """Whether it may do this."""
        return self.answer(Question(action, resource)).decision == ALLOWED


def principal(backend: IAMBackend, arn: str) -> Principal:
    """Return the principal of an ARN; raises moto's NotFoundException for what is no role, user or group here."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    name = name.rpartition("/")[2]
    match kind:
        case "role":
            found = backend.get_role_by_arn(arn)
            return Principal(_documents(found), _boundary(backend, found))
        case "user":
            user = backend.get_user(name)
            groups = [group for group in backend.groups.values() if user in group.users]
            documents = [document for member in (user, *groups) for document in _documents(member)]
            return Principal(tuple(documents))
        case "group":
            return Principal(_documents(backend.get_group(name)))
    raise NotFoundException(f"{arn} is no user, group or role")


def _documents(member: Any) -> tuple[Document, ...]:
    attached = (_default_version(policy) for policy in member.managed_policies.values())
    return tuple(json.loads(text) for text in (*member.policies.values(), *attached))


def _boundary(backend: IAMBackend, role: Any) -> Document | None:
    policy = backend.managed_policies.get(role.permissions_boundary_arn)
    return None if policy is None else json.loads(_default_version(policy))


def _default_version(policy: Any) -> str:
    return next(str(each.document) for each in policy.versions if each.version_id == policy.default_version_id)
