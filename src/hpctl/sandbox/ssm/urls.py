"""Where requests to Systems Manager arrive; moto finds this module by its place beside `models`."""

from __future__ import annotations

from moto.ssm.urls import url_bases

from hpctl.sandbox.ssm.responses import SessionsResponse

url_paths = {"{0}/$": SessionsResponse.dispatch}

__all__ = ["url_bases", "url_paths"]
