"""What the checks of file systems, volumes and their keys say."""

from __future__ import annotations

import json
from typing import Any, Literal

from hpctl.facts.filesystems import FileSystem
from hpctl.facts.network import Direction
from hpctl.facts.records import KmsKey
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import (
    KEY_ARN,
    a_file_system,
    a_finding,
    a_group,
    a_network,
    a_permission,
    a_plain_group,
    a_restricted_group,
    a_route,
    a_route_table,
    a_security_group,
    a_slurm_spec,
    a_spec,
    a_subnet,
    an_identity,
    an_open_zfs,
)
from tests.unit.checks.row import cannot_tell, fails, notes, passes, warns
from tests.unit.fakes import FakeAccount

Level = Literal["fail", "warn", "note"]
LUSTRE, ZFS = "fs-0123456789abcdef0", "fs-0fedcba9876543210"
_DNS, _ZFS_DNS = (f"{name}.fsx.us-west-2.amazonaws.com" for name in (LUSTRE, ZFS))
_FILE = "s3://sagemaker-x/lc/provisioning_parameters.json"
_FOLDER = ("instance_groups", 0, "lifecycle", "source_s3_uri")
_BY_WORKERS = "mounted by: workers"


def lustre(dns_name: str = _DNS, mount_name: str = "abcdefgh") -> dict[str, Any]:
    return {"fsx_lustre": {"dns_name": dns_name, "mount_name": mount_name, "mount_path": "/fsx"}}


def open_zfs(dns_name: str = _ZFS_DNS) -> dict[str, Any]:
    return {"fsx_open_zfs": {"dns_name": dns_name}}


def stored(*storage: dict[str, Any], **members: Any) -> ClusterSpec:
    return a_spec(a_group(storage=storage, **members))


LEGACY = a_slurm_spec(a_plain_group("head", count=1), a_group(), orchestrator=None)


def in_file(**members: Any) -> FakeAccount:
    """An account with provisioning parameters that name file systems."""
    names = {"fsx_dns_name": _DNS, "fsx_mountname": "abcdefgh", "fsx_openzfs_dns_name": _ZFS_DNS}
    parameters = {
        "version": "1.0.0",
        "workload_manager": "slurm",
        "controller_group": "head",
        "worker_groups": [{"instance_group_name": "workers", "partition_name": "train"}],
        **names,
        **members,
    }
    account = FakeAccount()
    account.storage.buckets["sagemaker-x"]["lc/provisioning_parameters.json"] = json.dumps(parameters).encode()
    return account


def _having(*systems: FileSystem) -> FakeAccount:
    account = FakeAccount()
    account.file_systems.known_systems = list(systems)
    return account


def _at(member: str = "dns_name", kind: str = "fsx_lustre") -> tuple[str | int, ...]:
    return ("instance_groups", 0, "storage", 0, kind, member)


def _bad(message: str, *evidence: str, remedy: str, level: Level = "fail", member: str = "dns_name") -> Finding:
    return a_finding(level, "instance group/workers", message, *evidence, remedy=remedy, path=_at(member))


_LIST = (
    "aws fsx describe-file-systems --region us-west-2 --query 'FileSystems[].[DNSName,LustreConfiguration.MountName]'"
)
_LOOK = f"aws fsx describe-file-systems --region us-west-2 --file-system-ids {LUSTRE}"
_OTHER = "fs-0123456789abcdef9"

EXISTS = (
    passes("storage-fsx-exists", "no FSx, and nothing there", a_spec(), _having()),
    passes("storage-fsx-exists", "both that are mounted", stored(lustre(), open_zfs())),
    passes(
        "storage-fsx-exists",
        "one that is being changed",
        stored(lustre()),
        _having(a_file_system(lifecycle="UPDATING")),
    ),
    passes("storage-fsx-exists", "those of the parameters", LEGACY, in_file()),
    passes("storage-fsx-exists", "a name that is none of FSx's", stored(lustre("fs-012345678.example.com")), _having()),
    notes(
        "storage-fsx-exists",
        "a file cache",
        stored(lustre("fc-0123456789abcdef0.fsx.us-west-2.amazonaws.com")),
        a_finding(
            "note", "instance group/workers", "`fc-0123456789abcdef0` is a file cache, which hpctl does not look up"
        ),
    ),
    fails(
        "storage-fsx-exists",
        "one of the same type beside",
        stored(lustre(f"{_OTHER}.fsx.us-west-2.amazonaws.com")),
        _bad(
            f"there is no file system `{_OTHER}` in `us-west-2`",
            _BY_WORKERS,
            f"there: {LUSTRE}, {ZFS}",
            remedy=f"dns_name: {_DNS}",
        ),
    ),
    fails(
        "storage-fsx-exists",
        "one of another type beside",
        stored(lustre()),
        _bad(
            f"there is no file system `{LUSTRE}` in `us-west-2`",
            _BY_WORKERS,
            f"there: {ZFS}",
            remedy=_LIST,
        ),
        account=_having(an_open_zfs()),
    ),
    fails(
        "storage-fsx-exists",
        "none at all",
        a_spec(a_group(storage=(lustre(),)), a_plain_group(storage=(lustre(),))),
        _bad(
            f"there is no file system `{LUSTRE}` in `us-west-2`",
            "mounted by: workers, system",
            "there: no file system",
            remedy=_LIST,
        ),
        account=_having(),
    ),
    fails(
        "storage-fsx-exists",
        "parameters that name another",
        LEGACY,
        a_finding(
            "fail",
            "provisioning_parameters.json/fsx_dns_name",
            f"there is no file system `{_OTHER}` in `us-west-2`",
            "mounted by: head, workers",
            f"there: {LUSTRE}, {ZFS}",
            remedy=f'write "fsx_dns_name": "{_DNS}" in `{_FILE}`',
            path=_FOLDER,
        ),
        account=in_file(fsx_dns_name=f"{_OTHER}.fsx.us-west-2.amazonaws.com"),
    ),
    fails(
        "storage-fsx-exists",
        "one that is being made",
        stored(lustre()),
        _bad(
            f"file system `{LUSTRE}` is CREATING",
            _BY_WORKERS,
            "seen: CREATING",
            "needed: AVAILABLE",
            remedy=f'until {_LOOK} --query "FileSystems[].Lifecycle" --output text | grep -qx AVAILABLE; '
            "do sleep 30; done",
        ),
        account=_having(a_file_system(lifecycle="CREATING")),
    ),
    fails(
        "storage-fsx-exists",
        "one that failed",
        stored(lustre()),
        _bad(
            f"file system `{LUSTRE}` is FAILED",
            _BY_WORKERS,
            "seen: FAILED",
            "needed: AVAILABLE",
            remedy=f'{_LOOK} --query "FileSystems[].FailureDetails"',
        ),
        account=_having(a_file_system(lifecycle="FAILED")),
    ),
    warns(
        "storage-fsx-exists",
        "one that is not well",
        stored(lustre()),
        _bad(
            f"file system `{LUSTRE}` is MISCONFIGURED",
            _BY_WORKERS,
            "seen: MISCONFIGURED",
            "needed: AVAILABLE",
            remedy=f'{_LOOK} --query "FileSystems[].FailureDetails"',
            level="warn",
        ),
        account=_having(a_file_system(lifecycle="MISCONFIGURED")),
    ),
)


def _in_region(region: str) -> FakeAccount:
    account = FakeAccount()
    account.caller.who = an_identity(region=region)
    return account


def _nameless() -> FakeAccount:
    return _having(a_file_system(lifecycle="CREATING", mount_name=None))


NAMES = (
    passes("storage-fsx-names", "no FSx", a_spec()),
    passes("storage-fsx-names", "names of FSx", stored(lustre(), open_zfs())),
    passes("storage-fsx-names", "names of FSx in the parameters", LEGACY, in_file()),
    passes("storage-fsx-names", "a mount name that FSx does not tell yet", stored(lustre()), _nameless()),
    passes("storage-fsx-names", "a file system that is not there", stored(lustre(mount_name="x")), _having()),
    fails(
        "storage-fsx-names",
        "no name of FSx",
        stored(lustre(f"{LUSTRE}.example.com")),
        _bad(f"`{LUSTRE}.example.com` is no DNS name of FSx", remedy=_LIST),
    ),
    fails(
        "storage-fsx-names",
        "another Region",
        stored(lustre()),
        _bad(
            "the file system is in `us-west-2`, the cluster would be in `eu-west-1`",
            remedy="name a file system in `eu-west-1`",
        ),
        account=_in_region("eu-west-1"),
    ),
    fails(
        "storage-fsx-names",
        "another mount name",
        stored(lustre(mount_name="hgfedcba")),
        _bad(
            f"the mount name of `{LUSTRE}` is not `hgfedcba`",
            "seen: hgfedcba",
            "needed: abcdefgh",
            remedy="mount_name: abcdefgh",
            member="mount_name",
        ),
    ),
    fails(
        "storage-fsx-names",
        "another mount name in the parameters",
        LEGACY,
        a_finding(
            "fail",
            "provisioning_parameters.json/fsx_dns_name",
            f"the mount name of `{LUSTRE}` is not `fsx`",
            "seen: fsx",
            "needed: abcdefgh",
            remedy=f'write "fsx_mountname": "abcdefgh" in `{_FILE}`',
            path=_FOLDER,
        ),
        account=in_file(fsx_mountname="fsx"),
    ),
    fails(
        "storage-fsx-names",
        "OpenZFS as Lustre",
        stored(lustre(_ZFS_DNS)),
        _bad(
            f"`{ZFS}` is FSx for OpenZFS, and it would be mounted as FSx for Lustre",
            remedy="name a file system of FSx for Lustre",
        ),
    ),
)

_FAR = a_subnet("subnet-far", "usw2-az2", cidr="10.0.32.0/20")
_AWAY = a_subnet("subnet-away", vpc_id="vpc-2", cidr="10.9.0.0/24")


def _living(*subnet_ids: str, vpc_id: str = "vpc-1", account: FakeAccount | None = None) -> FakeAccount:
    """An account whose Lustre file system is in these subnets."""
    made = account or FakeAccount()
    made.network.known_subnets += [_FAR, _AWAY]
    made.file_systems.known_systems[0] = a_file_system(subnet_ids=subnet_ids, vpc_id=vpc_id)
    return made


def peered(account: FakeAccount | None = None, state: str = "active") -> FakeAccount:
    """An account whose Lustre file system is in another VPC, to which a route leads."""
    made = _living("subnet-away", vpc_id="vpc-2", account=account)
    return made.holding(a_route_table(a_route(), a_route("pcx-1", "10.9.0.0/16", state)))


def _elsewhere(level: Level, more: str, remedy: str | None) -> Finding:
    return a_finding(
        level,
        "instance group/workers",
        f"file system `{LUSTRE}` is in `vpc-2`, the nodes in another VPC{more}",
        "nodes: subnet-1 (vpc-1)",
        _BY_WORKERS,
        remedy=remedy,
        path=_at(),
    )


_ROUTE_IT = "mount a file system of `vpc-1`, or route `vpc-2` to it by VPC peering"

PLACES = (
    passes("storage-fsx-vpc-az", "no FSx", a_spec()),
    passes("storage-fsx-vpc-az", "the nodes' own subnet", stored(lustre(), open_zfs())),
    passes(
        "storage-fsx-vpc-az", "two zones, one of them the nodes'", stored(lustre()), _living("subnet-far", "subnet-1")
    ),
    passes(
        "storage-fsx-vpc-az",
        "no network of the spec's",
        a_slurm_spec(a_group(storage=(lustre(),)), network=None),
        _living("subnet-away", vpc_id="vpc-2"),
    ),
    notes(
        "storage-fsx-vpc-az",
        "another VPC with a route to it",
        stored(lustre()),
        _elsewhere("note", ", from which a route leads there", None),
        account=peered(),
    ),
    fails(
        "storage-fsx-vpc-az",
        "another VPC",
        stored(lustre()),
        _elsewhere("fail", "", _ROUTE_IT),
        account=_living("subnet-away", vpc_id="vpc-2"),
    ),
    fails(
        "storage-fsx-vpc-az",
        "another VPC with a dead route to it",
        stored(lustre()),
        _elsewhere("fail", "", _ROUTE_IT),
        account=peered(state="blackhole"),
    ),
    warns(
        "storage-fsx-vpc-az",
        "another zone",
        stored(lustre()),
        _bad(
            f"file system `{LUSTRE}` is in another Availability Zone than the nodes that mount it",
            "file system: usw2-az2",
            "nodes: usw2-az1",
            _BY_WORKERS,
            remedy="mount a file system in subnet `subnet-1` (`usw2-az1`), "
            "or put the nodes into a subnet of `usw2-az2`",
            level="warn",
        ),
        account=_living("subnet-far"),
    ),
    cannot_tell(
        "storage-fsx-vpc-az",
        "a file system that is not there",
        stored(lustre()),
        f"could not look: file systems do not exist: `{LUSTRE}`",
        _having(),
    ),
)

_IN, _OUT = Direction.IN, Direction.OUT


def _guarded(*rules: Any, nodes: Any = None) -> FakeAccount:
    """An account whose file systems are behind a group of their own with these rules."""
    account = FakeAccount().holding(nodes or a_security_group(), a_security_group("sg-fsx", permissions=rules))
    account.file_systems.guarding = frozenset({"sg-fsx"})
    return account


def _hidden() -> FakeAccount:
    """An account that shows nobody the network interfaces of file systems."""
    account = FakeAccount()
    account.file_systems.guarding = frozenset()
    return account


def _tcp(direction: Direction, ports: tuple[int, int], **peer: str) -> Any:
    return a_permission(direction, "tcp", ports=ports, **(peer or {"group_id": "sg-nodes"}))


def _lustre_rules(*directions: Direction, **peer: str) -> tuple[Any, ...]:
    return tuple(_tcp(direction, ports, **peer) for direction in directions for ports in ((988, 988), (1018, 1023)))


_OPEN_NODES = a_security_group(
    permissions=(
        *a_security_group().permissions,
        *_lustre_rules(_IN, group_id="sg-fsx"),
    )
)
_STRICT_NODES = a_security_group(permissions=_lustre_rules(_IN, _OUT, cidr="10.0.0.0/20"))


def _shut(owner: str, way: str, seen: str, needed: str, ranges: tuple[str, ...], **members: Any) -> Finding:
    peer = "sg-fsx" if owner == "sg-nodes" else "sg-nodes"
    system = members.get("system", LUSTRE)
    name = "FSx for Lustre" if system == LUSTRE else "FSx for OpenZFS"
    rules = " ".join(f"'IpProtocol=tcp,{ports},UserIdGroupPairs=[{{GroupId={peer}}}]'" for ports in ranges)
    command = {"in": "ingress", "out": "egress"}[way]
    return a_finding(
        "fail",
        owner,
        f"`{owner}` does not let {name} of `{system}` {way}",
        f"seen {way}: {seen}",
        f"needed {way}: tcp {needed} {peer}",
        _BY_WORKERS,
        remedy=f"aws ec2 authorize-security-group-{command} --region us-west-2 --group-id {owner} "
        f"--ip-permissions {rules}",
        path=_at(kind="fsx_lustre" if system == LUSTRE else "fsx_open_zfs"),
    )


_988, _1018 = "FromPort=988,ToPort=988", "FromPort=1018,ToPort=1023"
_NFS = a_permission(_IN, "tcp", ports=(2049, 2049), group_id="sg-nodes")

PORTS = (
    passes("storage-fsx-ports", "no FSx", a_spec()),
    passes("storage-fsx-ports", "one group for both", stored(lustre(), open_zfs())),
    passes(
        "storage-fsx-ports",
        "a group for each",
        stored(lustre()),
        _guarded(*_lustre_rules(_IN, _OUT), nodes=_OPEN_NODES),
    ),
    passes(
        "storage-fsx-ports",
        "addresses in place of groups",
        stored(lustre()),
        _guarded(*_lustre_rules(_IN, _OUT, cidr="10.0.0.0/16"), nodes=_STRICT_NODES),
    ),
    passes(
        "storage-fsx-ports",
        "a prefix list",
        stored(open_zfs()),
        _guarded(a_permission(_IN, "tcp", ports=(2049, 2049), prefix_list_id="pl-1")),
    ),
    passes("storage-fsx-ports", "NFS one way", stored(open_zfs()), _guarded(_NFS)),
    fails(
        "storage-fsx-ports",
        "nothing in",
        stored(lustre()),
        _shut("sg-fsx", "in", "no rule", "988 and 1018-1023", (_988, _1018)),
        account=_guarded(*_lustre_rules(_OUT), nodes=_OPEN_NODES),
    ),
    fails(
        "storage-fsx-ports",
        "half of the ports in, and none back",
        stored(lustre()),
        _shut("sg-fsx", "in", "tcp 988 sg-nodes, tcp 1018-1022 sg-nodes", "1018-1023", (_1018,)),
        _shut("sg-fsx", "out", "no rule", "988 and 1018-1023", (_988, _1018)),
        _shut("sg-nodes", "in", "-1 sg-nodes", "988 and 1018-1023", (_988, _1018)),
        account=_guarded(_tcp(_IN, (988, 988)), _tcp(_IN, (1018, 1022))),
    ),
    fails(
        "storage-fsx-ports",
        "some of the nodes' addresses",
        stored(open_zfs()),
        _shut("sg-fsx", "in", "tcp 2049 10.0.0.0/24", "2049", ("FromPort=2049,ToPort=2049",), system=ZFS),
        account=_guarded(a_permission(_IN, "tcp", ports=(2049, 2049), cidr="10.0.0.0/24")),
    ),
    fails(
        "storage-fsx-ports",
        "one of two subnets",
        stored(open_zfs(), override_network=a_network("subnet-1", "subnet-2")),
        _shut("sg-fsx", "in", "tcp 2049 10.0.0.0/20", "2049", ("FromPort=2049,ToPort=2049",), system=ZFS),
        account=_guarded(a_permission(_IN, "tcp", ports=(2049, 2049), cidr="10.0.0.0/20")),
    ),
    fails(
        "storage-fsx-ports",
        "UDP alone",
        stored(open_zfs()),
        _shut("sg-fsx", "in", "udp 2049 sg-nodes", "2049", ("FromPort=2049,ToPort=2049",), system=ZFS),
        account=_guarded(a_permission(_IN, "udp", ports=(2049, 2049), group_id="sg-nodes")),
    ),
    cannot_tell(
        "storage-fsx-ports",
        "groups that are not told",
        stored(lustre()),
        f"could not look: the security groups of file system `{LUSTRE}` are not known",
        _hidden(),
    ),
)


def _restricted(size: int, throughput: int) -> ClusterSpec:
    wish = {"size_in_gib": size, "per_unit_storage_throughput": throughput}
    return a_spec(a_plain_group(), restricted_instance_groups=(a_restricted_group(environment={"fsx_lustre": wish}),))


def _made(message: str, needed: str, remedy: str) -> Finding:
    member = remedy.partition(":")[0]
    path = ("restricted_instance_groups", 0, "environment", "fsx_lustre", member)
    return a_finding("fail", "instance group/nova", message, f"needed: {needed}", remedy=remedy, path=path)


_SHARED = {
    "fsx_lustre_deletion_policy": "Keep",
    "fsx_lustre": {"size_in_gib": 2000, "per_unit_storage_throughput": 125},
}

CAPACITY = (
    passes("storage-fsx-capacity", "no file system", a_spec()),
    passes("storage-fsx-capacity", "the smallest", _restricted(1200, 125)),
    passes("storage-fsx-capacity", "a multiple", _restricted(4800, 1000)),
    fails(
        "storage-fsx-capacity",
        "a size and a throughput between",
        _restricted(3600, 300),
        _made("FSx makes no Lustre file system of 3600 GiB", "1200 or a multiple of 2400", "size_in_gib: 4800"),
        _made(
            "FSx makes no Lustre file system of 300 MB/s for each TiB",
            "one of 125, 250, 500, 1000",
            "per_unit_storage_throughput: 250",
        ),
    ),
    fails(
        "storage-fsx-capacity",
        "the shared one",
        a_spec(
            restricted_instance_groups=(a_restricted_group(),),
            restricted_instance_groups_config={"shared_environment": _SHARED},
        ),
        a_finding(
            "fail",
            "cluster/ml-cluster",
            "FSx makes no Lustre file system of 2000 GiB",
            "needed: 1200 or a multiple of 2400",
            remedy="size_in_gib: 2400",
            path=("restricted_instance_groups_config", "shared_environment", "fsx_lustre", "size_in_gib"),
        ),
    ),
)


def _disk(size: int) -> dict[str, Any]:
    return {"ebs": {"volume_size_in_gb": size}}


_ADD = "storage: [{ebs: {volume_size_in_gb: 500}}]"

SIZES = (
    passes("storage-volume-size", "room", stored(_disk(500))),
    passes("storage-volume-size", "as much as the root volume", stored(_disk(100))),
    passes("storage-volume-size", "no accelerators", a_spec(a_plain_group(storage=(_disk(20),)))),
    passes("storage-volume-size", "Slurm without a volume", a_slurm_spec()),
    passes("storage-volume-size", "EKS without a volume", a_spec()),
    warns(
        "storage-volume-size",
        "less than the root volume",
        stored(_disk(50)),
        a_finding(
            "warn",
            "instance group/workers",
            "the volume for images has 50 GB, less than the root volume",
            "seen: 50 GB at /opt/sagemaker",
            "root volume: 100 GB",
            remedy=_ADD,
            path=("instance_groups", 0, "storage"),
        ),
    ),
)


def _sealed(key_id: str = KEY_ARN) -> ClusterSpec:
    return stored({"ebs": {"volume_size_in_gb": 500, "volume_kms_key_id": key_id}})


def _key(**members: Any) -> FakeAccount:
    return FakeAccount().holding(KmsKey(KEY_ARN, **members))


def _unusable(message: str, seen: str, needed: str, remedy: str) -> Finding:
    path = ("instance_groups", 0, "storage", 0, "ebs", "volume_kms_key_id")
    evidence = (f"key: {KEY_ARN}", f"seen: {seen}", f"needed: {needed}")
    return a_finding("fail", "instance group/workers", message, *evidence, remedy=remedy, path=path)


_ID = KEY_ARN.rpartition("/")[2]
_ENABLE = f"aws kms enable-key --region us-west-2 --key-id {_ID}"

KEYS = (
    passes("storage-kms-grants", "no key", stored(_disk(500)), _key(state="Disabled")),
    passes("storage-kms-grants", "a key that is well", _sealed()),
    passes("storage-kms-grants", "a key that is not there", _sealed(KEY_ARN.replace("1234abcd", "0000abcd"))),
    passes(
        "storage-kms-grants",
        "a key of another account",
        _sealed(KEY_ARN.replace("123456789012", "210987654321")),
        _key(state="Disabled"),
    ),
    passes("storage-kms-grants", "a key of AWS's own", _sealed(), _key(managed_by_aws=True, state="Disabled")),
    fails(
        "storage-kms-grants",
        "a key that is off",
        _sealed(),
        _unusable("the key of its volumes is Disabled", "Disabled", "Enabled", _ENABLE),
        account=_key(state="Disabled"),
    ),
    fails(
        "storage-kms-grants",
        "a key that is to go, by its id",
        _sealed(KEY_ARN.rpartition("/")[2]),
        _unusable(
            "the key of its volumes is PendingDeletion",
            "PendingDeletion",
            "Enabled",
            f"aws kms cancel-key-deletion --region us-west-2 --key-id {_ID}\n{_ENABLE}",
        ),
        account=_key(state="PendingDeletion"),
    ),
    fails(
        "storage-kms-grants",
        "a key pair",
        _sealed(),
        _unusable(
            "the key of its volumes is not symmetric",
            "RSA_2048",
            "SYMMETRIC_DEFAULT",
            "aws kms create-key --region us-west-2 --key-spec SYMMETRIC_DEFAULT",
        ),
        account=_key(spec="RSA_2048"),
    ),
)

ROWS = (*EXISTS, *NAMES, *PLACES, *PORTS, *CAPACITY, *SIZES, *KEYS)

_FILES = ("storage.objects", "storage.read", "file_systems.all")
ASKS: dict[str, tuple[str, ...]] = {
    "storage-fsx-exists": _FILES,
    "storage-fsx-names": ("caller.identity", *_FILES),
    "storage-fsx-vpc-az": (*_FILES, "network.subnets", "network.route_tables"),
    "storage-fsx-ports": (*_FILES, "network.subnets", "network.security_groups", "file_systems.guards"),
    "storage-kms-grants": ("caller.identity", "keys.key"),
}


def wish(check_id: str) -> tuple[ClusterSpec, FakeAccount]:
    """Return what makes a check ask all that it may ask."""
    match check_id:
        case "storage-kms-grants":
            return _sealed(), FakeAccount()
        case "storage-fsx-vpc-az":
            return LEGACY, peered(in_file())
        case _:
            return LEGACY, in_file()
