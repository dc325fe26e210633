"""Where FSx requests arrive; moto finds this module by its place beside `models`."""

from __future__ import annotations

from moto.fsx.urls import url_bases

from hpctl.sandbox.fsx.responses import FileSystemsResponse

url_paths = {"{0}/$": FileSystemsResponse.dispatch}

__all__ = ["url_bases", "url_paths"]
