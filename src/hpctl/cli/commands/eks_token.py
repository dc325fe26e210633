"""`hpctl eks-token`: the credential that kubectl asks for."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli.options import ProfileOption, RegionOption, invocation


def eks_token(
    ctx: typer.Context,
    cluster_name: Annotated[str, typer.Option("--cluster-name", metavar="NAME", help="Name of the EKS cluster.")],
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Print a token for an EKS cluster, as kubectl takes it.

    `hpctl cluster connect` makes kubectl run this. Nothing is asked of AWS but the credentials of some profiles.
    """
    from hpctl.cli.token import Wanted, tell

    said = invocation(ctx)
    tell(Wanted(cluster_name, said.region, said.profile))
