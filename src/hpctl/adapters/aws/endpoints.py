"""Whether AWS's endpoints can be reached: the port `facts.endpoints.Endpoints`.

A request without a signature goes to each address; any HTTP answer will do. The way is botocore's own: the proxies of
the environment, and the certificates of AWS_CA_BUNDLE.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from botocore import exceptions as boto
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from hpctl import timeouts
from hpctl.adapters.aws import models
from hpctl.adapters.aws.session import AwsSession
from hpctl.facts.endpoints import Endpoint, Obstacle

_UNRESOLVED: Final = re.compile(r"resolve|getaddrinfo|Name or service|nodename nor servname", re.IGNORECASE)
_TRIES: Final = 10
"""Endpoints that are tried at the same time: all of them."""

Knock = Callable[[str, dict[str, str], "str | bool"], object]
"""Sends a GET to an address, by proxies, trusting certificates; raises what botocore's HTTP session raises."""


def knock(url: str, proxies: dict[str, str], verify: str | bool) -> None:  # noqa: FBT001  botocore's own form
    """Send a request without a signature and forget the answer."""
    # The stubs know neither a file of certificates nor two limits, both of which botocore's own clients pass.
    settings: dict[str, Any] = {"verify": verify, "timeout": (timeouts.CONNECT_S, timeouts.KNOCK_S)}
    session = URLLib3Session(proxies=proxies, **settings)
    try:
        session.send(AWSRequest("GET", url).prepare())
    finally:
        session.close()


class AwsEndpoints:
    """Tries the endpoints of the services that hpctl asks."""

    def __init__(self, session: AwsSession, knock: Knock = knock) -> None:
        """Try those of a session."""
        self._session = session
        self._knock = knock

    def tried(self) -> tuple[Endpoint, ...]:
        """Connect to each endpoint once, without signing anything, and return how that went."""
        by_url: defaultdict[str, list[str]] = defaultdict(list)
        for service in models.OPERATIONS:
            by_url[self._session.endpoint(service)].append(service)
        with ThreadPoolExecutor(_TRIES, thread_name_prefix="endpoints") as pool:
            return tuple(pool.map(partial(self._tried, by_url), by_url))

    def _tried(self, by_url: dict[str, list[str]], url: str) -> Endpoint:
        proxies = get_environ_proxies(url)
        parts = urlsplit(url)
        found = Endpoint(parts.netloc, tuple(sorted(by_url[url])), proxy=_shown(proxies.get(parts.scheme)))
        try:
            self._knock(url, proxies, self._session.certificates)
        except boto.BotoCoreError as error:
            detail = str(error.kwargs.get("error", error))
            return Endpoint(found.host, found.services, _obstacle(error, detail), detail, found.proxy)
        return found


def _obstacle(error: boto.BotoCoreError, detail: str) -> Obstacle:
    match error:
        case boto.ProxyConnectionError():
            return Obstacle.PROXY
        case boto.SSLError():
            return Obstacle.CERTIFICATE
        case boto.EndpointConnectionError():
            return Obstacle.NAME if _UNRESOLVED.search(detail) else Obstacle.REFUSED
        case _:
            return Obstacle.SILENT


def _shown(proxy: str | None) -> str | None:
    """The proxy without the user name and the password that its address may hold."""
    if not proxy:
        return None
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
