"""Websockets to the API of an EKS cluster, for what goes both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hpctl import timeouts
from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.errors import Deed, refused, unreached
from hpctl.adapters.kube.https import endpoint_of, trusting
from hpctl.facts.records import EksCluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from websockets.asyncio.client import ClientConnection

_MOST_MESSAGE: Final = 16 * 1024 * 1024


async def connected(
    api: Api, cluster: EksCluster, path: str, subprotocols: Sequence[str], deed: Deed
) -> ClientConnection:
    """Connect to a path with the first of these subprotocols that the server knows; signs anew once after a 401.

    Raises:
        AccessError, NotFoundError, RefusedError: what Kubernetes says, as `adapters.kube.errors.refused` reads it.
        UnavailableError: nobody answered, or nobody who is vouched for.
    """
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus, WebSocketException

    address = "wss" + endpoint_of(cluster).removeprefix("https") + path
    for last in (False, True):
        try:
            return await connect(
                address,
                ssl=trusting(cluster.certificate_authority or ""),
                subprotocols=list(subprotocols),  # type: ignore[arg-type]
                additional_headers={"Authorization": f"Bearer {api.token(cluster)}"},
                user_agent_header=None,
                compression=None,
                open_timeout=timeouts.CONNECT_S + timeouts.READ_S,
                ping_interval=timeouts.KUBE_IDLE_S,
                close_timeout=timeouts.CONNECT_S,
                max_size=_MOST_MESSAGE,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            if status != 401 or last:  # noqa: PLR2004
                raise refused(status, bytes(error.response.body or b""), deed) from error
            api.forget_token(cluster)
        except (OSError, WebSocketException) as error:
            raise unreached(error, deed.asked) from error
    raise AssertionError  # the second try returns or raises
