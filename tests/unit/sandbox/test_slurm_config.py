"""What slurm.conf and gres.conf say of a cluster."""

from __future__ import annotations

from dataclasses import replace

from hpctl.sandbox.slurm.config import devices, written
from hpctl.sandbox.slurm.seats import COMPUTE, CONTROLLER, LOGIN, Role, SlurmCluster, SlurmSeat

WORKER = Role(COMPUTE, ("train",))


def a_seat(address: str = "10.1.0.5", role: Role = WORKER, **members: object) -> SlurmSeat:
    seat = SlurmSeat(address, "workers", role, "ml.p5.48xlarge", 2, "i-0", up=True, fault=None, action=None)
    return replace(seat, **members)  # type: ignore[arg-type]


def a_cluster(*workers: SlurmSeat, controller: bool = True) -> SlurmCluster:
    first = (a_seat("10.1.0.4", Role(CONTROLLER), instance_type="ml.c5.xlarge"),) if controller else ()
    return SlurmCluster("abc", "Demo", "arn", "us-west-2", recovers=True, seats=(*first, *workers))


def _lines(cluster: SlurmCluster, name: str = "slurm.conf", start: str = "") -> list[str]:
    return [
        line for line in written(cluster, plugin=True, accounting=False)[name].splitlines() if line.startswith(start)
    ]


def test_nodes_are_named_by_their_addresses_and_have_the_shape_of_their_types() -> None:
    (node,) = _lines(a_cluster(a_seat()), start="NodeName")
    assert node == (
        "NodeName=ip-10-1-0-5 NodeAddr=10.1.0.5 CPUs=192 Boards=1 SocketsPerBoard=1 CoresPerSocket=96 "
        "ThreadsPerCore=2 RealMemory=2097152 Gres=gpu:8 Feature=ml.p5.48xlarge State=UNKNOWN"
    )


def test_one_thread_a_core_halves_the_cpus() -> None:
    (node,) = _lines(a_cluster(a_seat(threads_per_core=1)), start="NodeName")
    assert "CPUs=96 " in node
    assert "CoresPerSocket=96 ThreadsPerCore=1 " in node


def test_the_controller_is_named_and_is_no_node() -> None:
    cluster = a_cluster(a_seat())
    assert _lines(cluster, start="SlurmctldHost") == ["SlurmctldHost=ip-10-1-0-4(10.1.0.4)"]
    assert not [line for line in _lines(cluster, start="NodeName") if "10-1-0-4" in line]


def test_login_nodes_are_in_the_partition_of_all_nodes() -> None:
    cluster = a_cluster(a_seat(), a_seat("10.1.0.6", Role(LOGIN)))
    assert _lines(cluster, start="PartitionName") == [
        "PartitionName=dev Nodes=ALL Default=YES MaxTime=INFINITE State=UP",
        "PartitionName=train Nodes=ip-10-1-0-5 Default=NO MaxTime=INFINITE State=UP",
    ]


def test_a_partition_named_dev_is_the_one_that_is_there() -> None:
    assert len(_lines(a_cluster(a_seat(role=Role(COMPUTE, ("dev",)))), start="PartitionName")) == 1


def test_a_partition_whose_name_is_none_of_slurms_never_reaches_the_file() -> None:
    seats = [a_seat(role=Role(COMPUTE, (name,))) for name in ("a b", "x\nNodeName=y", "all", "DEFAULT", "")]
    assert len(_lines(a_cluster(*seats), start="PartitionName")) == 1


def test_each_accelerator_has_a_device_file() -> None:
    assert devices(a_seat())[::7] == ("/dev/nvidia0", "/dev/nvidia7")
    assert devices(a_seat(instance_type="ml.trn1.32xlarge"))[-1] == "/dev/neuron15"
    assert devices(a_seat(instance_type="ml.c5.xlarge")) == ()
    one, several = a_seat(instance_type="ml.g5.xlarge"), a_seat("10.1.0.6", instance_type="ml.trn1.32xlarge")
    assert _lines(a_cluster(one, several), "gres.conf") == [
        "AutoDetect=off",
        "NodeName=ip-10-1-0-5 Name=gpu File=/dev/nvidia0",
        "NodeName=ip-10-1-0-6 Name=neuron File=/dev/neuron[0-15]",
    ]


def test_a_type_that_the_catalog_lacks_is_a_small_machine() -> None:
    (node,) = _lines(a_cluster(a_seat(instance_type="ml.new.large")), start="NodeName")
    assert "CPUs=1 " in node
    assert "Gres" not in node


def test_the_plugin_is_listed_only_where_it_is() -> None:
    cluster = a_cluster(a_seat())
    assert "options.so" in written(cluster, plugin=True, accounting=False)["plugstack.conf"]
    assert "options.so" not in written(cluster, plugin=False, accounting=False)["plugstack.conf"]


def test_accounting_is_as_somebody_has_set_it_up() -> None:
    cluster = a_cluster(a_seat())
    without, having = (written(cluster, plugin=True, accounting=one)["slurm.conf"] for one in (False, True))
    assert "AccountingStorageType=accounting_storage/none\n" in without
    assert "Include" not in without
    assert "Include accounting.conf\n" in having
    assert "AccountingStorageType" not in having


def test_without_a_controller_there_is_no_slurm() -> None:
    assert written(a_cluster(a_seat(), controller=False), plugin=True, accounting=False) == {}
