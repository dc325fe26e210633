"""The only road to AWS: one botocore session a process, every error translated, every limit set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

import botocore.session
from botocore import xform_name
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials, EnvProvider
from botocore.exceptions import ConfigParseError, InvalidRegionError, NoCredentialsError, ProfileNotFound
from botocore.response import StreamingBody

from hpctl import __version__, timeouts
from hpctl.adapters.aws import models
from hpctl.adapters.aws.answers import CarefulParserFactory
from hpctl.adapters.aws.calllog import CallLog
from hpctl.adapters.aws.errors import CAUGHT, Request, lacking, too_large, translated
from hpctl.catalog.nearest import nearest
from hpctl.errors import AccessError, UsageError

PAGE_SIZE: Final = 100
"""Rows a page: the most that SageMaker, EKS and Service Quotas give (botocore 1.44.5 service models)."""

_REGION: Final = ("region", ["AWS_REGION", "AWS_DEFAULT_REGION"], None, None)
"""Where the Region comes from without `--region`; botocore alone does not read AWS_REGION, the other SDKs do."""

_ALWAYS_TELL: Final = frozenset({"ec2", "eks", "fsx", "iam", "service-quotas"})
"""Services that answer an empty list as such; others may leave it out, as their models let all do."""

_NAMING: Final = (
    *("NodeId", "NodeLogicalId", "EventId", "ResourceArn", "ClusterName", "TrainingPlanName"),
    *(
        "addonName",
        "clusterName",
        "name",
        "VpcId",
        "RoleName",
        "PolicySourceArn",
        "Key",
        "Bucket",
        "KeyId",
        "QuotaCode",
        "Target",
        "SessionId",
    ),
)
"""Parameters that name what a call is about, the closest first."""

_CHUNK: Final = 64 * 1024
"""Bytes of a stream that are read at once."""

_AWS_HOSTS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws")


_OF_PROFILES: Final = frozenset(
    {"assume-role", "config-file", "custom-process", "login", "shared-credentials-file", "sso"}
)
"""How credentials were found (botocore's `method`) where a profile says how."""


@dataclass(frozen=True, slots=True)
class Presigned:
    """A signed URL, and when the credentials that signed it end (None: never, or they do not say)."""

    url: str
    credentials_end_at: datetime | None


class AwsSession:
    """Credentials, Region and clients: made when first needed, one each, safe to use from many threads."""

    def __init__(self, *, profile: str | None, region: str | None, log: Callable[[str], None] | None = None) -> None:
        """Read the configuration; `log` is told of each call, its duration and retries, never of its parameters.

        Raises:
            UsageError: the profile does not exist, or the configuration file cannot be read.
        """
        self._lock = Lock()
        self._clients: dict[tuple[str, int], BaseClient] = {}
        self._botocore = botocore.session.Session(profile=profile)
        self._botocore.session_var_map["region"] = _REGION
        if region is not None:
            self._botocore.set_config_variable("region", region)
        self._settings = self._read_settings()
        models.prefer(self._botocore)
        self._botocore.register_component("response_parser_factory", CarefulParserFactory())
        if log is not None:
            CallLog(log).listen(self._botocore)

    @property
    def profile(self) -> str | None:
        """The profile in use, from `--profile` or AWS_PROFILE; None for the default one."""
        return self._botocore.profile

    @property
    def region(self) -> str:
        """The Region in use, from `--region`, the environment or the profile; `UsageError` when nothing names one."""
        region = self._botocore.get_config_variable("region")
        if region:
            return str(region)
        profile = f"profile `{self.profile}`" if self.profile else "default profile"
        raise UsageError("no AWS Region is chosen", hint=f"pass `--region`, set AWS_REGION, or give the {profile} one")

    def endpoint(self, service: str) -> str:
        """Return the address at which a service is asked."""
        return str(self._client(service).meta.endpoint_url)

    @property
    def certificates(self) -> str | bool:
        """The file of the certificates that are trusted (AWS_CA_BUNDLE, `ca_bundle`), True for botocore's own."""
        return self._botocore.get_config_variable("ca_bundle") or True

    @property
    def credentials_end_at(self) -> datetime | None:
        """When the credentials end for good: those of the environment that tell (AWS_CREDENTIAL_EXPIRATION).

        Others renew themselves (profiles with roles, SSO, processes), never end, or do not say when.
        """
        with self._translating("sts", "GetCallerIdentity", {}):
            credentials = self._botocore.get_credentials()
        if credentials is None or credentials.method != EnvProvider.METHOD:
            return None
        end_at: datetime | None = getattr(credentials, "_expiry_time", None)  # botocore has no public name for it
        return end_at

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation by AWS's name for it and return the answer.

        Raises:
            HpctlError: what `adapters.aws.errors` makes of a failure.
        """
        with self._translating(service, operation, params) as client:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**params)
            return answer

    def call_once(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """Call as `call` does, but never again by itself: for callers with a pace of their own."""
        with self._translating(service, operation, params, attempts=1) as client:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**params)
            return answer

    def pages(
        self, service: str, operation: str, key: str, *, page_size: int = PAGE_SIZE, **params: Any
    ) -> Iterator[Any]:
        """Yield the rows under `key` of all pages; a page is asked for when the one before it is used up.

        Raises:
            HpctlError: what `adapters.aws.errors` makes of a failure.
        """
        with self._translating(service, operation, params) as client:
            shape = client.meta.service_model.operation_model(operation).output_shape
            required = service in _ALWAYS_TELL or (shape is not None and key in shape.required_members)
            paginator = client.get_paginator(xform_name(operation))
            for page in paginator.paginate(PaginationConfig={"PageSize": page_size}, **params):
                if required and key not in page:
                    raise lacking(f"{service}:{operation}", key)
                yield from page.get(key, ())

    def content(self, service: str, operation: str, *, limit: int, **params: Any) -> bytes:
        """Call an operation that answers with a stream and return its bytes.

        Raises:
            RefusedError: there are more than `limit` bytes; they are not fetched.
            HpctlError: what `adapters.aws.errors` makes of a failure.
        """
        with self._translating(service, operation, params) as client:
            answer = getattr(client, xform_name(operation))(**params)
            with closing(answer["Body"]) as body:
                known = answer.get("ContentLength", 0) > limit
                content = None if known else _read(body, limit)
        if content is None:
            raise too_large(self._request(service, operation, params), limit)
        return content

    def presigned(
        self, service: str, operation: str, url: str, headers: Mapping[str, str], *, expires_s: int
    ) -> Presigned:
        """Return the URL of a GET, signed together with `headers`: whoever has both may send it for so many seconds.

        No client is made for it, which would take as long again as everything else.

        Raises:
            AccessError: there are no credentials.
        """
        with self._in_words(service, operation, {}):
            credentials = self._credentials()
            request = AWSRequest("GET", url, headers=headers)
            signer = SigV4QueryAuth(credentials.get_frozen_credentials(), service, self.region, expires=expires_s)
            signer.add_auth(request)
            # Told after signing: credentials that renew themselves have done so by then.
            return Presigned(str(request.url), getattr(credentials, "_expiry_time", None))

    @property
    def pinned_profile(self) -> str | None:
        """The profile that the credentials come from; None for those of the environment and of the machine itself."""
        with self._in_words("sts", "GetCallerIdentity", {}):
            method = self._credentials().method
        if method == EnvProvider.METHOD:
            return None
        return self.profile or ("default" if method in _OF_PROFILES else None)

    def _credentials(self) -> Credentials:
        credentials = self._botocore.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        return credentials

    @contextmanager
    def _translating(
        self, service: str, operation: str, params: Mapping[str, Any], attempts: int | None = None
    ) -> Iterator[BaseClient]:
        with self._in_words(service, operation, params):
            yield self._client(service, attempts)

    @contextmanager
    def _in_words(self, service: str, operation: str, params: Mapping[str, Any]) -> Iterator[None]:
        try:
            yield
        except CAUGHT as error:
            raise translated(error, self._request(service, operation, params)) from error
        except RuntimeError as error:  # botocore knows no better class for credentials that a renewal leaves expired
            if "expired" not in str(error):
                raise
            request = self._request(service, operation, params)
            raise AccessError(f"the credentials for {request} have expired", hint=request.renewal) from error

    def _request(self, service: str, operation: str, params: Mapping[str, Any]) -> Request:
        client = next((client for (name, _), client in self._clients.items() if name == service), None)
        return Request(
            service=service,
            operation=operation,
            region=self.region,
            subject=next((str(params[name]) for name in _NAMING if name in params), None),
            endpoint=_foreign(client.meta.endpoint_url) if client else None,
            renewal=self._renewal(),
        )

    def _client(self, service: str, attempts: int | None = None) -> BaseClient:
        key = (service, attempts or timeouts.ATTEMPTS)
        with self._lock:  # making a client is not thread-safe in botocore, using one is
            if key not in self._clients:
                self._clients[key] = self._new_client(*key)
            return self._clients[key]

    def _new_client(self, service: str, attempts: int) -> BaseClient:
        config = Config(
            connect_timeout=timeouts.CONNECT_S,
            read_timeout=timeouts.READ_S,
            retries={"mode": "standard", "total_max_attempts": attempts},
            user_agent_extra=f"hpctl/{__version__}",
        )
        try:
            return self._botocore.create_client(service, region_name=self.region, config=config)
        except InvalidRegionError as error:
            raise UsageError(f"`{self.region}` is not the name of an AWS Region", hint="check `--region`") from error
        except ValueError as error:  # botocore knows no better class for an endpoint without `http://`
            hint = "check AWS_ENDPOINT_URL and the profile's `endpoint_url`: they start with `https://` or `http://`"
            raise UsageError(f"the AWS endpoint is no URL: {error}", hint=hint) from error

    def _read_settings(self) -> Mapping[str, Any]:
        try:
            return self._botocore.get_scoped_config()
        except ProfileNotFound as error:
            raise self._unknown_profile() from error
        except ConfigParseError as error:
            raise UsageError(f"an AWS configuration file cannot be read: {error}") from error

    def _unknown_profile(self) -> UsageError:
        wanted, known = self.profile or "default", self._botocore.available_profiles
        close = nearest(wanted, known)
        names = ", ".join(f"`{name}`" for name in [*close, *(name for name in known if name not in close)])
        hint = f"there are {names}" if names else f"`aws configure --profile {wanted}` makes it"
        return UsageError(f"there is no AWS profile `{wanted}`", hint=hint)

    def _renewal(self) -> str:
        profile = f" --profile {self.profile}" if self.profile else ""
        if "sso_session" in self._settings or "sso_start_url" in self._settings:
            return f"run `aws sso login{profile}`"
        if "login_session" in self._settings:
            return f"run `aws login{profile}`"
        return f"run `aws configure{profile}`, set AWS_PROFILE or pass `--profile`, or renew the AWS_* keys"


def _read(body: StreamingBody, limit: int) -> bytes | None:
    """All of a stream, or None when it is longer than `limit`; read to its end, which is where botocore judges it."""
    content = bytearray()
    for chunk in body.iter_chunks(_CHUNK):
        content += chunk
        if len(content) > limit:
            return None
    return bytes(content)


def _foreign(url: str) -> str | None:
    """The address of an endpoint that is not AWS's, without user name and password."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.endswith(_AWS_HOSTS):
        return None
    return f"{parts.scheme}://{host}:{parts.port}" if parts.port else f"{parts.scheme}://{host}"
