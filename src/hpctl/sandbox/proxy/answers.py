"""What AWS, or something in its place, answers on a bad day: each service in its own protocol and words.

Sources: the error shapes of botocore's service models, the "Common errors" pages of the services' API references,
and what their SDKs retry.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from hpctl.sandbox.proxy.faults import Fault
from hpctl.sandbox.proxy.wire import Answer

if TYPE_CHECKING:
    from hpctl.sandbox.proxy.calls import Call
    from hpctl.sandbox.proxy.faults import Injection

_REQUEST_ID = "00000000-0000-4000-8000-000000000000"
_EC2 = "<Response><Errors><Error>{}</Error></Errors><RequestID>" + _REQUEST_ID + "</RequestID></Response>"
_QUERY = "<ErrorResponse><Error><Type>Sender</Type>{}</Error><RequestId>" + _REQUEST_ID + "</RequestId></ErrorResponse>"
_FRAMES = {"ec2": _EC2, "iam": _QUERY, "sts": _QUERY, "s3": "<Error>{}</Error>"}
_USER = "arn:aws:iam::123456789012:user/hpctl-sandbox"
_ACTIONS = {"s3:HeadBucket": "s3:ListBucket", "s3:ListObjectsV2": "s3:ListBucket"}
_WORDS = {
    Fault.THROTTLING: "Rate exceeded",
    Fault.SERVER_ERROR: "We encountered an internal error. Please try again.",
    Fault.EXPIRED_CREDENTIALS: "The security token included in the request is expired",
}
# Code and HTTP status by fault and service; the service "" stands for those that speak JSON.
_ERRORS = {
    Fault.THROTTLING: {
        "": ("ThrottlingException", 400),
        "ec2": ("RequestLimitExceeded", 503),
        "eks": ("ThrottlingException", 429),
        "iam": ("Throttling", 400),
        "s3": ("SlowDown", 503),
        "servicequotas": ("TooManyRequestsException", 429),
        "sts": ("Throttling", 400),
    },
    Fault.EXPIRED_CREDENTIALS: {
        "": ("ExpiredTokenException", 400),
        "ec2": ("RequestExpired", 400),
        "eks": ("ExpiredTokenException", 403),
        "iam": ("ExpiredToken", 403),
        "s3": ("ExpiredToken", 400),
        "sts": ("ExpiredToken", 403),
    },
    Fault.ACCESS_DENIED: {
        "": ("AccessDeniedException", 400),
        "ec2": ("UnauthorizedOperation", 403),
        "eks": ("AccessDeniedException", 403),
        "iam": ("AccessDenied", 403),
        "s3": ("AccessDenied", 403),
        "sts": ("AccessDenied", 403),
    },
}
_SERVER_ERRORS = {
    500: {"": "InternalFailure", "ec2": "InternalError", "s3": "InternalError"},
    503: {"": "ServiceUnavailable", "ec2": "Unavailable"},
}
_PORTAL = b"<html><body>Sign in to the guest network</body></html>"


def answer(injection: Injection, call: Call) -> Answer:
    """Return what a call gets that an injected fault answers."""
    if injection.fault is Fault.GARBAGE:
        return Answer(HTTPStatus.OK, "OK", (("Content-Type", "text/html"),), _PORTAL)
    if injection.fault is Fault.SERVER_ERROR:
        status = injection.status or (500 if injection.retry_after_s is None else 503)
        codes = _SERVER_ERRORS[status]
        return _error(
            call, codes.get(call.service, codes[""]), status, _WORDS[injection.fault], _retry_after(injection)
        )
    errors = _ERRORS[injection.fault]
    code, status = errors.get(call.service, errors[""])
    return _error(call, code, status, _WORDS.get(injection.fault) or _denied(call))


def denied(call: Call, words: str) -> Answer:
    """Return what a call gets whose caller may not do it."""
    errors = _ERRORS[Fault.ACCESS_DENIED]
    code, status = errors.get(call.service, errors[""])
    return _error(call, code, status, words)


def _retry_after(injection: Injection) -> tuple[tuple[str, str], ...]:
    seconds = injection.retry_after_s
    if seconds is None and injection.status != HTTPStatus.SERVICE_UNAVAILABLE:
        return ()
    return (("Retry-After", f"{1.0 if seconds is None else seconds:g}"),)


def _denied(call: Call) -> str:
    action = _ACTIONS.get(str(call), str(call))
    reason = f"because no identity-based policy allows the {action} action"
    return f"User: {_USER} is not authorized to perform: {action} {reason}"


def _error(call: Call, code: str, status: int, words: str, more: tuple[tuple[str, str], ...] = ()) -> Answer:
    frame = _FRAMES.get(call.service)
    headers = (("x-amzn-ErrorType", code), ("x-amzn-RequestId", _REQUEST_ID), *more)
    if frame is None:
        kind, body = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": words})
    else:
        kind, body = "text/xml", frame.format(f"<Code>{code}</Code><Message>{escape(words)}</Message>")
    return Answer(status, HTTPStatus(status).phrase, (("Content-Type", kind), *headers), body.encode())
