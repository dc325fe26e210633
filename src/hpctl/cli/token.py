"""A token for kubectl, which asks for one at every command: so this is quick.

The form that `hpctl cluster connect` writes into kubeconfigs is read here without Typer: building the command line
takes longer than all the rest. Any other form goes the usual way, to the same end.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hpctl.cli import wiring

VERB: Final = "eks-token"
_OPTIONS: Final = {"--cluster-name": "cluster", "--region": "region", "--profile": "profile"}


@dataclass(frozen=True)
class Wanted:
    """A token for this EKS cluster, signed for this Region with the credentials of this profile."""

    cluster: str
    region: str | None = None
    profile: str | None = None


def wanted(words: Sequence[str]) -> Wanted | None:
    """Return what a command line asks for, None unless it is in the form that kubeconfigs have."""
    if words[:1] != [VERB] or len(words) % 2 == 0:
        return None
    names, values = words[1::2], words[2::2]
    known = {_OPTIONS[name]: value for name, value in zip(names, values, strict=True) if name in _OPTIONS}
    if len(known) < len(names) or "cluster" not in known or any(not one or one[0] == "-" for one in values):
        return None
    return Wanted(**known)


def tell(wish: Wanted) -> None:
    """Write the credential to stdout."""
    from hpctl.render.terminal import Terminal, write
    from hpctl.services.eks_token import exec_credential, wanted_version

    version = wanted_version(os.environ)
    token, good_until = wiring.eks_token(wish.cluster, profile=wish.profile, region=wish.region)
    write(Terminal.current().stdout, exec_credential(version, token, good_until))
