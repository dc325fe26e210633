"""moto as one WSGI application, with the sandbox's own services in the places of moto's.

moto offers no plug-in point for operations, so this module leans on private names of moto 5.2
(`get_backend`, `list_of_moto_modules`, `create_backend_app`, `DomainDispatcherApplication`, `mock_random`,
`BackendDict`); a contract test pins them. What moto has not got answers HTTP 501 in the form of the service's
protocol: SDKs do not retry that, and print the operation's name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import moto.backends
import moto.iam.urls
from botocore.exceptions import UnknownServiceError
from flask import Response, request
from moto.core.base_backend import BackendDict
from moto.core.utils import get_service_model
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from hpctl.sandbox.callers import denial
from hpctl.sandbox.eks.models import eks_backends
from hpctl.sandbox.fsx.models import fsx_backends
from hpctl.sandbox.iam import urls as iam_urls
from hpctl.sandbox.quotas.models import quotas_backends
from hpctl.sandbox.recording import operation_of
from hpctl.sandbox.resolvers import give_new_vpcs_options
from hpctl.sandbox.sagemaker.models import HyperPodBackend, sagemaker_backends
from hpctl.sandbox.ssm.models import ssm_backends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from flask import Flask
    from werkzeug.wrappers import Response as WerkzeugResponse

    from hpctl.sandbox.recording import Recording
    from hpctl.sandbox.scripts import Outcome, Script

_OWN_BACKENDS: dict[str, Any] = {
    "eks": eks_backends,
    "fsx": fsx_backends,
    "sagemaker": sagemaker_backends,
    "servicequotas": quotas_backends,
    "ssm": ssm_backends,
}
# Services that others look into: HyperPod and EKS read subnets, security groups and roles.
_SHARED = ("ec2", "iam")
# Where moto keeps services that have no Region.
_GLOBAL = "aws"
_XML = {
    "ec2": "<Response><Errors><Error>{}</Error></Errors></Response>",
    "query": "<ErrorResponse><Error><Type>Receiver</Type>{}</Error></ErrorResponse>",
    "rest-xml": "<Error>{}</Error>",
}
_moto_backend = moto.backends.get_backend


class Moto:
    """moto's services and the sandbox's, for one account; a service loads at its first request."""

    def __init__(self, account: str) -> None:
        """Put the sandbox's services in moto's registry."""
        moto.backends.get_backend = _backend
        # moto lists its own directory several times a request, which is a quarter of what a request costs.
        modules = tuple(moto.backends.list_of_moto_modules())
        moto.backends.list_of_moto_modules = lambda: modules
        # moto's other services hold on to moto's IAM: its models stay, its operations are extended.
        moto.iam.urls.url_paths = iam_urls.url_paths
        give_new_vpcs_options()
        self._account = account
        self._dispatcher = DomainDispatcherApplication(_service_app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        answer: Iterable[bytes] = self._dispatcher(environ, start_response)
        return answer

    def prepare(self, environ: WSGIEnvironment, region: str | None) -> None:
        """Bring into being what a request will look into: its service, in its Region.

        moto does so at the first request, which may be a read, and draws identifiers for it (EC2's default
        VPC). Done here, under seeds of their own, they are the same in every run.
        """
        service = self._dispatcher.get_application(environ).service  # type: ignore[attr-defined]
        for name in (service, *_SHARED):
            backends = _backend(name)
            if isinstance(backends, BackendDict):
                self._touch(name, backends, region)

    def denial(self, recording: Recording) -> WerkzeugResponse | None:
        """Return AWS's refusal of a request that its caller may not make, or None."""
        return denial(self._account, recording)

    def settle(self, environ: WSGIEnvironment) -> None:
        """Let time do to the account what it has done to clusters since the last request."""
        service = self._dispatcher.get_application(environ).service  # type: ignore[attr-defined]
        for backend in self._hyperpod():
            backend.settle(service)

    def scripts_to_run(self) -> Iterator[tuple[str, str, Script]]:
        """Yield the lifecycle scripts whose outcome is not known: cluster ARN, group, script."""
        for backend in self._hyperpod():
            yield from backend.scripts_to_run()

    def end_script(self, arn: str, group: str, outcome: Outcome) -> None:
        """Record how the run of a lifecycle script ended."""
        for backend in self._hyperpod():
            backend.end_script(arn, group, outcome)

    def hyperpod(self, region: str) -> HyperPodBackend:
        """Return the HyperPod part of a Region."""
        for name in ("sagemaker", *_SHARED):
            self._touch(name, _backend(name), region)
        found: HyperPodBackend = sagemaker_backends[self._account][region]
        return found

    def hyperpods(self) -> list[HyperPodBackend]:
        """Return the HyperPod parts of all Regions that anybody has used."""
        return self._hyperpod()

    def orchestrators(self) -> Iterator[str]:
        """Yield the ARNs of the EKS clusters that HyperPod clusters are on."""
        for hyperpod in self._hyperpod():
            for cluster, _ in hyperpod.living():
                if eks := cluster.request.get("Orchestrator", {}).get("Eks"):
                    yield eks["ClusterArn"]

    def _hyperpod(self) -> list[HyperPodBackend]:
        return list(sagemaker_backends[self._account].values())

    def _touch(self, service: str, backends: BackendDict[Any], region: str | None) -> None:
        regions = backends[self._account]
        for place in (region, _GLOBAL):
            # `in` asks moto for the Regions that it knows, `keys` for those that somebody has used.
            if place is not None and place in regions and place not in set(regions.keys()):
                mock_random.seed(f"{service} in {place}")
                _ = regions[place]


def seed_identifiers(text: str) -> None:
    """Let every identifier that moto draws from now on follow from this text."""
    mock_random.seed(text)


def _backend(name: Any) -> Any:
    # Not `get(...) or ...`: a BackendDict that nobody has used yet is empty, and so false.
    return _OWN_BACKENDS[name] if name in _OWN_BACKENDS else _moto_backend(name)


def _service_app(service: Any) -> Flask:
    app = create_backend_app(service)

    def not_implemented(_: Exception) -> Response:
        operation = operation_of(request.environ, request.get_data())
        message = f"{operation}: the hpctl sandbox does not have this operation of {service}"
        return _error(service, 501, "NotImplementedInSandbox", message)

    def internal_failure(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException):
            return error
        app.logger.error("cannot answer", exc_info=error)
        return _error(service, 500, "InternalFailure", f"{type(error).__name__}: {error}")

    for missing in (NotImplementedError, NotFound, MethodNotAllowed):
        app.register_error_handler(missing, not_implemented)
    app.register_error_handler(Exception, internal_failure)
    return app


def _error(service: str, status: int, code: str, message: str) -> Response:
    headers = {"x-amzn-ErrorType": code}
    if frame := _XML.get(_protocol(service)):
        body = frame.format(f"<Code>{code}</Code><Message>{escape(message)}</Message>")
        return Response(body, status, headers, content_type="text/xml")
    body = json.dumps({"__type": code, "message": message})
    return Response(body, status, headers, content_type="application/x-amz-json-1.1")


def _protocol(service: str) -> str:
    try:
        return str(get_service_model(service).metadata["protocol"])
    except UnknownServiceError:
        return "json"
