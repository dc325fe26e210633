"""Service quotas: what a spec needs of them, what they allow, what others have, and what was asked for already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from hpctl.catalog.instance_types import instance_type, instance_types
from hpctl.catalog.quotas import KnownQuota, Limit, cluster_spot_usage, cluster_usage, limit
from hpctl.checks import quota_use
from hpctl.checks.quota_use import Use, listed
from hpctl.errors import ChecksFailedError, ChecksUnknownError
from hpctl.facts.quota_requests import QuotaRequest
from hpctl.facts.records import Quota
from hpctl.facts.world import World
from hpctl.report.quota import QuotaFacts, QuotaListReport
from hpctl.spec.cluster import ClusterSpec

_PATIENCE = "ask AWS for an increase, which takes one to five business days, or for less in the spec"

_INTERFACES: Limit = "network_interfaces"
_OF_ALL: tuple[Limit, ...] = (
    "cluster_instances",
    "total_instances",
    "cluster_spot_instances",
    "total_spot_instances",
    "ebs_volume_gb",
)
"""Quotas that are not about one type, in the order in which they are told."""


def show_quotas(world: World, spec: ClusterSpec | None = None, types: Iterable[str] = ()) -> QuotaListReport:
    """Return the quotas that a spec needs, and those of `types` (with their `ml.`); no others when either is given.

    Without both: those of the types that clusters have, of accelerators that the account may have any of, and those
    of all clusters. Use is counted as the checks count it; the spec's own cluster is what is needed, not what is used.

    Raises `NotFoundError` for a type that HyperPod does not take, with the nearest.
    """
    named = tuple(dict.fromkeys(instance_type(name).name for name in types))
    _ask_at_once(world)
    uses = [*(_asked(spec, world) if spec else ()), *_of_types(world, named, spec.name if spec else None)]
    if spec is None and not named:
        uses = [*_of_types(world, _worth_telling(world), None), *_of_all(world)]
    rows = _rows(world, uses)
    identity = world.identity()
    return QuotaListReport(account=identity.account, region=identity.region, quotas=tuple(rows))


def demand_fits(report: QuotaListReport) -> None:
    """Raise `ChecksFailedError` where a quota does not cover what is needed, `ChecksUnknownError` where none says."""
    if short := [row for row in report.quotas if row.fits is False]:
        what = f"`{short[0].quota}` does" if len(short) == 1 else f"{len(short)} quotas do"
        raise ChecksFailedError(f"{what} not cover what is needed", hint=_PATIENCE)
    if unknown := [row.quota for row in report.quotas if row.needed and row.fits is None]:
        command = "aws service-quotas list-service-quotas --service-code sagemaker"
        raise ChecksUnknownError(f"no quota is named `{'`, `'.join(unknown)}`", hint=f"look with `{command}`")


def _ask_at_once(world: World) -> None:
    """Ask AWS for everything side by side; the world keeps the answers, refusals among them."""
    asks = (world.identity, world.clusters, world.sagemaker_quotas, world.pending_quota_requests)
    with ThreadPoolExecutor(len(asks), thread_name_prefix="quota") as pool:
        for ask in asks:
            pool.submit(ask)


def _asked(spec: ClusterSpec, world: World) -> Iterator[Use]:
    yield from quota_use.on_demand(spec, world)
    yield from quota_use.spot(spec, world)
    yield from quota_use.one_cluster(spec)
    yield from quota_use.all_clusters(spec, world)
    # Of volumes each must fit by itself: the largest one tells it for all.
    yield from sorted(quota_use.volumes(spec), key=lambda use: -use.asked)[:1]
    yield from quota_use.lustre(spec)
    interfaces, _unknown = quota_use.interfaces(spec)
    if interfaces:
        yield quota_use.interface_use(spec, world, interfaces)


def _of_types(world: World, names: Iterable[str], own: str | None) -> Iterator[Use]:
    for name in names:
        used = quota_use.in_use(own, world)
        yield _unasked(cluster_usage(name), used[name, False])
        yield _unasked(cluster_spot_usage(name), used[name, True])


def _of_all(world: World) -> Iterator[Use]:
    used = quota_use.in_use(None, world)
    spot = sum(count for (_name, is_spot), count in used.items() if is_spot)
    totals: Mapping[Limit, int] = {"total_instances": sum(used.values()), "total_spot_instances": spot}
    for name in _OF_ALL:
        yield _unasked(limit(name), totals.get(name, 0))


def _unasked(known: KnownQuota, used: int) -> Use:
    return Use((known,), (used,), 0, known.name, ())


def _worth_telling(world: World) -> tuple[str, ...]:
    used = {name for name, _is_spot in quota_use.in_use(None, world)}
    return tuple(
        one.name for one in instance_types() if one.name in used or (one.accelerator_count and _any(world, one.name))
    )


def _any(world: World, name: str) -> bool:
    found = (listed(world.sagemaker_quotas(), known) for known in (cluster_usage(name), cluster_spot_usage(name)))
    return any(quota and quota.value for quota in found)


def _rows(world: World, uses: Iterable[Use]) -> list[QuotaFacts]:
    """Return one row a quota: a choice of types comes after what is fixed, and is said of the rows that there are."""
    rows: dict[KnownQuota, QuotaFacts] = {}
    pending = world.pending_quota_requests()
    for use in sorted(uses, key=lambda use: (len(use.quotas) > 1, use.asked == 0)):
        quotas = [_found(world, known) for known in use.quotas]
        for known, used, quota in zip(use.quotas, use.used, quotas, strict=True):
            row = _row(world, use, quotas, (known, quota, used), pending)
            rows[known] = _together(rows[known], row) if known in rows else row
    return sorted(rows.values(), key=lambda row: row.instance_type is None)


def _row(
    world: World,
    use: Use,
    quotas: list[Quota | None],
    one: tuple[KnownQuota, Quota | None, int],
    pending: Iterable[QuotaRequest],
) -> QuotaFacts:
    known, quota, used = one
    there = [each for each in quotas if each]
    fits = use.asked <= use.left(there) if len(there) == len(quotas) else None
    request = next((each for each in pending if known.is_named(each.quota) or each.code == known.code), None)
    return QuotaFacts(
        quota=known.name,
        code=quota.code if quota else known.code,
        service=known.service,
        instance_type=known.name.partition(" ")[0] if known.name.startswith("ml.") else None,
        limit=quota.value if quota else None,
        used=used,
        needed=use.asked,
        pending=request.desired if request else None,
        pending_case=request.case_id if request else None,
        fits=fits,
        shared_with=tuple(other.name for other in use.quotas if other != known),
        request=use.request(there, world.identity().region) if fits is False else None,
    )


def _together(first: QuotaFacts, more: QuotaFacts) -> QuotaFacts:
    if not more.needed:
        return first
    fits = None if None in (first.fits, more.fits) else bool(first.fits and more.fits)
    return first.model_copy(
        update={
            "needed": first.needed + more.needed,
            "fits": fits,
            "shared_with": more.shared_with,
            "request": first.request or more.request,
        }
    )


def _found(world: World, known: KnownQuota) -> Quota | None:
    if known == limit(_INTERFACES):
        return replace(world.interface_quota(), name=known.name)
    return listed(world.sagemaker_quotas(), known)
