"""Where SageMaker requests arrive; moto finds this module by its place beside `models`."""

from __future__ import annotations

from moto.sagemaker.urls import url_bases

from hpctl.sandbox.sagemaker.responses import HyperPodResponse

url_paths = {"{0}/$": HyperPodResponse.dispatch}

__all__ = ["url_bases", "url_paths"]
