"""Whether whoever signed a request may do what it asks: users and roles of the account are held to their policies.

A key that the account does not know is anybody's, as before there were users in it: a sandbox has no secret to keep.
Signatures are not looked at. AWS STS says who calls to everybody (AWS STS API reference, GetCallerIdentity).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from werkzeug.wrappers import Response

from hpctl.sandbox.asking import questions
from hpctl.sandbox.iam.principals import principal
from hpctl.sandbox.policies import ALLOWED, EXPLICIT_DENY
from hpctl.sandbox.proxy.answers import denied
from hpctl.sandbox.proxy.calls import call_seen

if TYPE_CHECKING:
    from hpctl.sandbox.iam.principals import Principal
    from hpctl.sandbox.policies import Answer, Question
    from hpctl.sandbox.recording import Recording

_KEY = re.compile(r"Credential=([^/,\s]+)/")
_GLOBAL = "aws"


def denial(account: str, recording: Recording) -> Response | None:
    """Return AWS's refusal of a request that its caller's policies do not allow, or None."""
    key = _KEY.search(recording.environ.get("HTTP_AUTHORIZATION", ""))
    caller = _caller(account, key[1]) if key else None
    if caller is None:
        return None
    arn, policies = caller
    for question in questions(account, recording):
        answer = policies.answer(question)
        if answer.decision != ALLOWED:
            told = denied(call_seen(recording), _words(arn, question, answer))
            return Response(told.body, told.status, list(told.headers))
    return None


def caller_arn(account: str, authorization: str) -> str:
    """Return the ARN of whoever signed: the account's root where nobody knows the key."""
    key = _KEY.search(authorization)
    caller = _caller(account, key[1]) if key else None
    return caller[0] if caller else f"arn:aws:iam::{account}:root"


def _caller(account: str, key: str) -> tuple[str, Principal] | None:
    iam = iam_backends[account][_GLOBAL]
    for user in iam.users.values():
        if any(each.access_key_id == key for each in user.access_keys):
            return str(user.arn), principal(iam, user.arn)
    for role in sts_backends[account][_GLOBAL].assumed_roles:
        if role.access_key_id == key:
            return str(role.arn), principal(iam, role.role_arn)
    return None


def _words(arn: str, question: Question, answer: Answer) -> str:
    refused = f"User: {arn} is not authorized to perform: {question.action} on resource: {question.resource}"
    if answer.decision == EXPLICIT_DENY:
        return f"{refused} with an explicit deny in an identity-based policy"
    if answer.bounded is False:
        return f"{refused} because no permissions boundary allows the {question.action} action"
    return f"{refused} because no identity-based policy allows the {question.action} action"
