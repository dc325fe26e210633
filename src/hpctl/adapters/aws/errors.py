"""AWS's errors in hpctl's words: the one place that knows their codes.

Sources of the codes: the error shapes of botocore's service models, the "Common errors" pages of the
SageMaker, EKS, EC2, IAM, S3, Service Quotas and STS API references, and botocore's own lists of what it retries.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, TypeVar

from botocore import exceptions as boto
from botocore.compat import XMLParseError
from botocore.parsers import ResponseParserError

from hpctl import timeouts
from hpctl.errors import (
    AccessError,
    ConflictError,
    HpctlError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UsageError,
)

Row = TypeVar("Row")

CAUGHT: Final = (boto.BotoCoreError, boto.ClientError, ResponseParserError, XMLParseError, RecursionError)
"""Everything botocore raises on the way to AWS and back.

The last one where a proxy redirects whatever S3 is asked: botocore then asks for the bucket's Region, and so on.
"""


_PREFIXES: Final = {"service-quotas": "servicequotas"}
_ACTIONS: Final = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectsV2": "s3:ListBucket",
}
"""Where IAM's name is not the call's (Service Authorization Reference)."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked when it went wrong: enough to name it, and nothing that could be a secret."""

    service: str
    operation: str
    region: str
    subject: str | None = None
    """The name or id that was asked about."""
    endpoint: str | None = None
    """Where it was sent, when that is not AWS."""
    renewal: str = "run `aws configure`"
    """What renews the credentials in use, as the start of a sentence."""

    @property
    def call(self) -> str:
        """The call by the names of service and operation."""
        return f"{self.service}:{self.operation}"

    @property
    def action(self) -> str:
        """The IAM action of the call, which mostly is its name."""
        return _ACTIONS.get(self.call) or f"{_PREFIXES.get(self.service, self.service)}:{self.operation}"

    def __str__(self) -> str:
        about = f" for `{self.subject}`" if self.subject else ""
        return f"`{self.call}`{about}"

    @property
    def place(self) -> str:
        """Who was asked: a foreign endpoint by its address, AWS by its Region."""
        return f"`{self.endpoint}`" if self.endpoint else f"AWS in `{self.region}`"


class _Kind(Enum):
    DENIED = auto()
    STRANGER = auto()
    MISSING = auto()
    CONFLICT = auto()
    THROTTLED = auto()
    DOWN = auto()
    REFUSED = auto()


_CODES: Final[Mapping[_Kind, str]] = {
    _Kind.DENIED: """AccessDenied AccessDeniedException AuthorizationError AuthorizationErrorException
        ForbiddenException NotAuthorized OptInRequired UnauthorizedException UnauthorizedOperation 401 403""",
    _Kind.STRANGER: """AuthFailure ExpiredToken ExpiredTokenException IncompleteSignature
        IncompleteSignatureException InvalidAccessKeyId InvalidClientTokenId InvalidSignatureException
        InvalidToken MissingAuthenticationToken MissingAuthenticationTokenException RequestExpired
        RequestTimeTooSkewed SignatureDoesNotMatch TokenRefreshRequired UnrecognizedClientException""",
    _Kind.MISSING: """NoSuchBucket NoSuchEntity NoSuchEntityException NoSuchKey NoSuchResourceException
        NotFoundException ResourceNotFound ResourceNotFoundException""",
    _Kind.CONFLICT: """ConditionalRequestConflict ConflictException PreconditionFailed ResourceInUse
        ResourceInUseException""",
    _Kind.THROTTLED: "PriorRequestNotComplete RequestLimitExceeded SlowDown TooManyRequestsException",
    _Kind.DOWN: """InternalError InternalFailure InternalServerError InternalServerException RequestTimeout
        RequestTimeoutException ServerException ServiceException ServiceFailure ServiceFailureException
        ServiceUnavailable ServiceUnavailableException Unavailable""",
    _Kind.REFUSED: "NotImplementedInSandbox ResourceLimitExceeded ResourceLimitExceededException",
}
_KINDS: Final = {code: kind for kind, codes in _CODES.items() for code in codes.split()}

_CLOCK_OR_KEY: Final = re.compile(r"Signature|RequestExpired|TimeTooSkewed")
_DENIED: Final = re.compile(
    r"(?P<user>User: \S+ )?is not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>\S+))?"
)
_READS: Final = ("Describe", "List", "Get", "Delete")
_NOT_THERE: Final = re.compile(r"not found|could not find|does not exist", re.IGNORECASE)
_NOT_IMPLEMENTED: Final = 501
_TOO_MANY: Final = 429
_SERVER_FAULT: Final = 500


def translated(error: Exception, request: Request) -> HpctlError:
    """Return the error of hpctl that says what `error` (one of `CAUGHT`) means for a person."""
    if isinstance(error, boto.ClientError):
        return _service_error(error, request)
    return _local_error(error, request)


def reads(operation: str) -> Callable[[Callable[[Mapping[str, Any]], Row]], Callable[[Mapping[str, Any]], Row]]:
    """Mark what builds a row from an answer of `operation`: a member that the answer lacks is AWS's fault, not a bug.

    A proxy or a captive portal that answers in AWS's place is the usual cause.
    """

    def mark(build: Callable[[Mapping[str, Any]], Row]) -> Callable[[Mapping[str, Any]], Row]:
        @functools.wraps(build)
        def row(answer: Mapping[str, Any]) -> Row:
            try:
                return build(answer)
            except KeyError as missing:
                raise lacking(operation, str(missing.args[0])) from missing

        return row

    return mark


def lacking(operation: str, member: str) -> UnavailableError:
    """Return the error for an answer that misses a member it cannot do without."""
    return UnavailableError(
        f"the answer to `{operation}` has no `{member}`",
        hint="is a proxy answering in place of AWS? Try again, with `-v` for each call",
    )


def too_large(request: Request, limit: int) -> RefusedError:
    """Return the error for a stream of more than `limit` bytes, by S3's own word for such a thing."""
    return RefusedError(f"{request} has more than the {limit} bytes that hpctl reads", aws_code="EntityTooLarge")


def _service_error(error: boto.ClientError, request: Request) -> HpctlError:
    told: Mapping[str, Any] = error.response.get("Error", {})
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code, words = str(told.get("Code") or status), _words(str(told.get("Message", "")))
    match _kind(code, words, status, error.operation_name):
        case _Kind.DENIED:
            return _denied(words, request)
        case _Kind.STRANGER:
            return _stranger(code, words, request)
        case _Kind.MISSING:
            hint = f"hpctl looked in Region `{request.region}`; `--region` and `--profile` choose where it looks"
            return NotFoundError(f"{request} found nothing{_told(words)}", hint=hint)
        case _Kind.CONFLICT:
            return ConflictError(f"{request} is in conflict with what is there{_told(words)}")
        case _Kind.THROTTLED | _Kind.DOWN as kind:
            return _unavailable(kind, words or f"`{code}`", request)
        case _:
            return RefusedError(f"AWS refused {request} with `{code}`{_told(words)}", aws_code=code)


def _kind(code: str, words: str, status: int, operation: str) -> _Kind:
    denied = _DENIED.search(words)
    if denied and denied["user"]:
        return _Kind.DENIED
    if code in _KINDS:
        return _KINDS[code]
    if code.endswith(".NotFound") or (code, operation) == ("404", "HeadObject"):  # to a HEAD S3 says no more
        return _Kind.MISSING
    if code == "ValidationException" and operation.startswith(_READS) and _NOT_THERE.search(words):
        return _Kind.MISSING
    if "Throttl" in code or status == _TOO_MANY:
        return _Kind.THROTTLED
    return _Kind.DOWN if status >= _SERVER_FAULT and status != _NOT_IMPLEMENTED else _Kind.REFUSED


def _denied(words: str, request: Request) -> AccessError:
    told = _DENIED.search(words)
    action = told["action"] if told else request.action
    resource = f" on `{told['resource']}`" if told and told["resource"] else ""
    hint = f"the caller needs the IAM action `{action}`{resource}"
    if "explicit deny" in words:
        hint = f"a policy explicitly denies the IAM action `{action}`{resource}: its owner must lift that"
    return AccessError(f"AWS denied {request}{_told(words)}", action=action, hint=hint)


def _stranger(code: str, words: str, request: Request) -> AccessError:
    hint = request.renewal
    if _CLOCK_OR_KEY.search(code):
        hint = f"check the secret access key and this machine's clock, or {request.renewal}"
    elif not code.startswith("Expired"):
        hint += f"; a Region that the account has not enabled (is `{request.region}`?) answers the same"
    return AccessError(f"AWS did not accept the credentials of {request} (`{code}`){_told(words)}", hint=hint)


def _unavailable(kind: _Kind, words: str, request: Request) -> UnavailableError:
    verb = "throttled" if kind is _Kind.THROTTLED else "failed to answer"
    who = request.place if request.endpoint else "AWS"
    return UnavailableError(
        f"{who} {verb} {request} in all of up to {timeouts.ATTEMPTS} tries: {words}", hint="try again later"
    )


def _local_error(error: Exception, request: Request) -> HpctlError:
    words = _words(str(error))
    if isinstance(error, _CREDENTIALS):
        return AccessError(f"there are no valid credentials for {request}: {words}", hint=request.renewal)
    if isinstance(error, _SETTINGS):
        hint = "check `--region`, `--profile`, the AWS_* environment variables and the AWS configuration file"
        return UsageError(f"{request} cannot be sent: {words}", hint=hint)
    for classes, mishap, hint in _MISHAPS:
        if isinstance(error, classes):
            return _unreached(mishap, hint, request)
    return RefusedError(f"{request} cannot be sent: {words}", aws_code=type(error).__name__)


def _unreached(mishap: str, hint: str, request: Request) -> UnavailableError:
    if request.endpoint:
        hint = "AWS_ENDPOINT_URL or the profile's `endpoint_url` says to go there: is that server up and sound?"
    return UnavailableError(f"{request} {mishap} {request.place}", hint=hint)


_CREDENTIALS: Final = (
    boto.CredentialRetrievalError,
    boto.LoginError,
    boto.MetadataRetrievalError,
    boto.MissingDependencyException,  # some kinds of login need the awscrt package
    boto.NoAuthTokenError,
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.RefreshWithMFAUnsupportedError,
    boto.SSOError,
    boto.TokenRetrievalError,
)
_SETTINGS: Final = (
    boto.BaseEndpointResolverError,
    boto.ConfigNotFound,
    boto.EndpointProviderError,
    boto.InvalidConfigError,
    boto.InvalidRetryConfigurationError,
)
_MISHAPS: Final = (
    (
        (boto.SSLError,),
        "found no certificate it can trust at",
        "behind a proxy that replaces certificates, point AWS_CA_BUNDLE at its CA certificates",
    ),
    ((boto.ReadTimeoutError,), "got no answer in time from", "try again later"),
    (
        (boto.ConnectionError,),
        "could not connect to",
        "check the network, and that the Region is the one you mean",
    ),
    ((boto.HTTPClientError, boto.IncompleteReadError), "lost the connection to", "try again later"),
    (
        (ResponseParserError, XMLParseError, boto.PaginationError, boto.ChecksumError, boto.FlexibleChecksumError),
        "got an answer that cannot be read from",
        "is a proxy answering in place of AWS?",
    ),
    ((RecursionError,), "was redirected again and again by", "is a proxy answering in place of AWS?"),
)
"""What can happen between here and AWS, in words and with a hint; the first line that fits counts."""


def _words(text: str) -> str:
    """AWS's words as one line without full stop.

    Left out: the page of a web server that answers in AWS's place, and the canonical request that
    follows a signature error, since it may hold the session token.
    """
    if text.lstrip().startswith("<"):
        return ""
    said = text.partition("The Canonical String")[0].strip()
    return re.sub(r"\s*\n\s*", "; ", re.sub(r":\s*\n\s*", ": ", said)).rstrip(". ")


def _told(words: str) -> str:
    return f": {words}" if words else ""
