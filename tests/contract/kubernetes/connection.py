"""A cluster's API as a kubeconfig reaches it: raw HTTPS, so that nothing of an answer is hidden by a client library."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes.client import ApiClient
from kubernetes.config import new_client_from_config

JSON = "application/json"
PATIENCE_S = 90.0
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@dataclass(frozen=True)
class Answer:
    """What the API answered; `body` is JSON where it was, and text elsewhere."""

    code: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def refusal(self) -> tuple[int, str]:
        """Return the code and the reason of a `Status` that is a failure."""
        assert isinstance(self.body, dict), (self.code, self.body)
        assert (self.body["kind"], self.body["status"], self.body["code"]) == ("Status", "Failure", self.code)
        return self.code, self.body.get("reason", "")

    @property
    def message(self) -> str:
        """Return what a `Status` says."""
        return str(self.body["message"])

    @property
    def names(self) -> list[str]:
        """Return the names of what is listed."""
        return [item["metadata"]["name"] for item in self.body["items"]]

    @property
    def version(self) -> str:
        """Return the resourceVersion of an object or a list."""
        return str(self.body["metadata"]["resourceVersion"])

    def good(self) -> Any:
        """Return the body, and fail unless the code is that of success."""
        assert 200 <= self.code < 300, (self.code, self.body)
        return self.body


class Cluster:
    """A cluster's API; `kubeconfig` may be given to any other client."""

    def __init__(self, kubeconfig: Path) -> None:
        """Use the current context of a kubeconfig."""
        self.kubeconfig = kubeconfig
        self.python: ApiClient = new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]
        found = self.python.configuration
        self.address = str(found.host)
        known, stranger = (_trusting(found.ssl_ca_cert) for _ in range(2))
        if found.cert_file:
            known.load_cert_chain(found.cert_file, found.key_file)
        self._known, self._stranger = (
            urllib3.PoolManager(ssl_context=context, retries=False, maxsize=8) for context in (known, stranger)
        )

    @property
    def credentials(self) -> dict[str, str]:
        """Return the headers that say who asks; none where a certificate does."""
        found = self.python.configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        return {"Authorization": found} if found else {}

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: str = JSON,
        accept: str = JSON,
        token: str | None = None,
        **query: object,
    ) -> Answer:
        """Send a request; a body of bytes goes as it is. With a token it is somebody else who asks."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        with self.opened(method, path, data, content=content, accept=accept, token=token, query=query) as answer:
            text = answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return Answer(answer.status, json.loads(text) if is_json and text else text.decode(), dict(answer.headers))

    @contextmanager
    def opened(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        content: str = JSON,
        accept: str = JSON,
        token: str | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """Send a request, and leave reading to the caller."""
        headers = {"Accept": accept} | ({} if body is None else {"Content-Type": content})
        headers |= self.credentials if token is None else {"Authorization": f"Bearer {token}"}
        pool = self._known if token is None else self._stranger
        url = self.address + path + ("?" + _encoded(query) if query else "")
        answer = pool.request(
            method, url, body=body, headers=headers, timeout=PATIENCE_S, preload_content=False, redirect=False
        )
        try:
            yield answer
        finally:
            if answer.closed:
                answer.release_conn()
            else:
                answer.close()

    def get(self, path: str, **options: Any) -> Answer:
        """Read."""
        return self.ask("GET", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> Answer:
        """Create."""
        return self.ask("POST", path, body, **options)

    def put(self, path: str, body: Any, **options: Any) -> Answer:
        """Replace."""
        return self.ask("PUT", path, body, **options)

    def patch(self, path: str, body: Any, content: str = "application/merge-patch+json", **options: Any) -> Answer:
        """Patch; a merge patch unless told."""
        return self.ask("PATCH", path, body, content=content, **options)

    def apply(self, path: str, body: Any, manager: str, **options: Any) -> Answer:
        """Apply on the server's side."""
        return self.patch(path, body, "application/apply-patch+yaml", fieldManager=manager, **options)

    def delete(self, path: str, body: Any = None, **options: Any) -> Answer:
        """Delete."""
        return self.ask("DELETE", path, body, **options)

    @contextmanager
    def watching(self, path: str, **query: object) -> Iterator[Iterator[dict[str, Any]]]:
        """Watch; the events come as they are read, and end when the server ends them."""
        with self.opened("GET", path, query={"watch": "true", **query}) as answer:
            assert answer.status == 200, (answer.status, answer.read())
            yield map(json.loads, lines(answer))

    def watched(self, path: str, **query: object) -> list[dict[str, Any]]:
        """Return what a watch tells until the server ends it: after a second unless told."""
        with self.watching(path, **{"timeoutSeconds": 1, **query}) as events:
            return list(events)

    def close(self) -> None:
        """Close what is open."""
        self.python.close()  # type: ignore[no-untyped-call]
        self._known.clear()
        self._stranger.clear()


def lines(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield the lines of an answer as soon as each is there."""
    rest = b""
    for chunk in answer.stream(65536):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _trusting(authority: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority)
    # Authorities of kubeadm, and so of EKS, lack extensions that Python 3.13 demands by default.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _encoded(query: Mapping[str, object]) -> str:
    words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
    return urlencode(words, doseq=True)
