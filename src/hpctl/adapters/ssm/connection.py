"""A websocket to a session's data channel, opened with the session's token."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from uuid import uuid4

from hpctl import timeouts
from hpctl.adapters.ssm.broken import HopelessError
from hpctl.adapters.ssm.channel import CLIENT_VERSION
from hpctl.adapters.ssm.frames import as_json
from hpctl.adapters.ssm.starting import Opened

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

PING_S: Final = 60.0
"""How often a connection over which nothing else goes is kept open by a word."""

_MOST_MESSAGE: Final = 1024 * 1024


@asynccontextmanager
async def connection_to(opened: Opened) -> AsyncIterator[ClientConnection]:
    """Connect and say which session it is for; `HopelessError` where nobody vouches for the other end."""
    from websockets.asyncio.client import connect

    try:
        async with connect(
            opened.url,
            ssl=_trusting(opened.certificates) if opened.url.startswith("wss:") else None,
            open_timeout=timeouts.CONNECT_S + timeouts.READ_S,
            ping_interval=PING_S,
            ping_timeout=None,  # whether AWS answers pings is not written anywhere: acknowledgements tell
            close_timeout=timeouts.CONNECT_S,
            max_size=_MOST_MESSAGE,
            compression=None,
            user_agent_header=None,
        ) as connection:
            await connection.send(_opening(opened))
            yield connection
    except ssl.SSLCertVerificationError as error:
        raise HopelessError(
            f"nobody it trusts vouches for `{host_of(opened)}`: {error.verify_message}; "
            "behind a proxy that replaces certificates, AWS_CA_BUNDLE names its own"
        ) from error


def host_of(opened: Opened) -> str:
    """Return the name of the machine at the other end."""
    return urlsplit(opened.url).hostname or ""


def _opening(opened: Opened) -> str:
    asked = {
        "MessageSchemaVersion": "1.0",
        "RequestId": str(uuid4()),
        "TokenValue": opened.token,
        "ClientId": str(uuid4()),
        "ClientVersion": CLIENT_VERSION,
    }
    return as_json(asked).decode()


@cache  # reading all authorities takes 25 ms of CPU, and fifty nodes are spoken to from one thread
def _trusting(certificates: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificates or None)
