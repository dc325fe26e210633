"""Where EKS requests arrive; moto finds this module by its place beside `models`."""

from __future__ import annotations

from moto.eks.urls import url_bases
from moto.eks.urls import url_paths as moto_paths

from hpctl.sandbox.eks.responses import EksResponse

_CLUSTER = "{0}/clusters/(?P<name>[^/]+)"
_ENTRY = _CLUSTER + "/access-entries/(?P<principalArn>.+)"
_OWN = (
    _CLUSTER + "/access-entries$",
    _ENTRY + "/access-policies/(?P<policyArn>.+)$",
    _ENTRY + "/access-policies$",
    _ENTRY + "$",
    _CLUSTER + "/updates/(?P<updateId>[^/]+)$",
    _CLUSTER + "/updates$",
    _CLUSTER + "/addons$",
    _CLUSTER + "/addons/(?P<addonName>[^/]+)$",
    _CLUSTER + "/addons/(?P<addonName>[^/]+)/update$",
    _CLUSTER + "/pod-identity-associations$",
    _CLUSTER + "/pod-identity-associations/(?P<associationId>[^/]+)$",
    "{0}/addons/supported-versions$",
    "{0}/cluster-versions$",
)

url_paths = dict.fromkeys((*moto_paths, *_OWN), EksResponse.dispatch)

__all__ = ["url_bases", "url_paths"]
