"""Lists of Kubernetes, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from hpctl.adapters.kube.api import Api
from hpctl.adapters.kube.errors import Deed
from hpctl.errors import RefusedError
from hpctl.facts.records import EksCluster

PAGE_SIZE: Final = 500
"""Rows a page, as kubectl asks."""
_EXPIRED: Final = frozenset({"Expired", "Gone", "410"})


def rows(api: Api, cluster: EksCluster, path: str, deed: Deed, **selectors: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list, each once; a page is asked for when the one before it is used up.

    Where the server has forgotten the list in its middle (410), it is begun anew, once.
    """
    told: set[str] = set()
    for expired in (False, True):
        try:
            for row in _pages(api, cluster, path, deed, selectors):
                uid = str(row["metadata"].get("uid") or "")
                if uid and uid in told:
                    continue
                told.add(uid)
                yield row
        except RefusedError as error:
            if expired or error.aws_code not in _EXPIRED:
                raise
        except (KeyError, TypeError, AttributeError) as error:
            raise deed.asked.unreadable() from error
        else:
            return


def _pages(
    api: Api, cluster: EksCluster, path: str, deed: Deed, selectors: Mapping[str, str]
) -> Iterator[Mapping[str, Any]]:
    following, seen = "", {""}
    while True:
        query = {"limit": str(PAGE_SIZE), **selectors, **({"continue": following} if following else {})}
        page = api.read(cluster, f"{path}?{urlencode(query)}", deed)
        yield from page["items"]
        following = str((page.get("metadata") or {}).get("continue") or "")
        if not following:
            return
        if following in seen:
            raise deed.asked.unreadable()
        seen.add(following)
