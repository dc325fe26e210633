"""Where Service Quotas requests arrive; moto finds this module by its place beside `models`."""

from __future__ import annotations

from moto.servicequotas.urls import url_bases

from hpctl.sandbox.quotas.responses import QuotasResponse

url_paths = {"{0}/$": QuotasResponse.dispatch}

__all__ = ["url_bases", "url_paths"]
