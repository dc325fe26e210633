from __future__ import annotations

import json
from typing import Any

import pytest

from hpctl.compile.placement import place
from hpctl.errors import DoesNotFitError, UsageError
from hpctl.facts.kubernetes import KubernetesNode, Taint
from hpctl.spec.job import Contract
from tests.unit.builders import a_kubernetes_node
from tests.unit.compile.wishes import P5, a_choice, a_task, a_wish, some_nodes

TYPE = "node.kubernetes.io/instance-type"
HEALTH = "sagemaker.amazonaws.com/node-health-status"
DEEP = "sagemaker.amazonaws.com/deep-health-check-status"
GPU, EFA = "nvidia.com/gpu", "vpc.amazonaws.com/efa"
GIB = 1024.0**3
H100 = a_choice("H100", 8)
MIXED = [*some_nodes(2), *some_nodes(1, "ml.g5.48xlarge"), *some_nodes(3, "ml.m5.4xlarge")]


def labelled(**labels: str) -> dict[str, str]:
    return {TYPE: P5, HEALTH: "Schedulable", **labels}


def a_config(**spec: Any) -> str:
    return json.dumps({"spec": spec})


def test_candidates_are_all_nodes_of_the_type() -> None:
    ill = a_kubernetes_node("ill", labels={TYPE: P5, HEALTH: "UnschedulablePendingReplacement"})
    found = place(a_wish(H100), [*MIXED, ill], {})
    assert found.candidates == (f"{P5}-0", f"{P5}-1", "ill")


def test_pods_ask_for_the_type_with_its_prefix_and_for_healthy_nodes() -> None:
    assert place(a_wish(H100), MIXED, {}).selector == {TYPE: P5, HEALTH: "Schedulable"}


def test_a_health_label_that_not_all_nodes_have_is_not_asked_for() -> None:
    plain = a_kubernetes_node("plain", labels={TYPE: P5})
    found = place(a_wish(H100), [*some_nodes(1), plain], {})
    assert found.selector == {TYPE: P5}
    unhealthy = ("Unschedulable", "UnschedulablePendingReboot", "UnschedulablePendingReplacement")
    assert found.avoid == {HEALTH: unhealthy}
    assert place(a_wish(H100), [plain], {}).avoid == {}


def test_nodes_that_failed_a_deep_check_are_avoided_where_there_are_deep_checks() -> None:
    checked = some_nodes(2, labels=labelled(**{DEEP: "Passed"}))
    assert place(a_wish(H100), checked, {}).avoid == {DEEP: ("Failed", "InProgress")}
    assert place(a_wish(H100), some_nodes(2), {}).avoid == {}


def test_the_first_choice_that_can_run_now_is_taken() -> None:
    choices = (a_choice("H200", 8), H100, a_choice("A10G", 8))
    assert place(a_wish(*choices), MIXED, {}).accelerator_name == "H100"
    busy = {f"{P5}-{number}": {GPU: 1.0} for number in range(2)}
    assert place(a_wish(*choices), MIXED, busy).accelerator_name == "A10G"


def test_a_choice_that_has_to_wait_is_taken_when_no_other_can_run_now() -> None:
    busy = {f"{P5}-1": {GPU: 1.0}}
    found = place(a_wish(H100, nodes=2), MIXED, busy)
    assert found.notices == ("1 of 2 nodes have room now: the job waits for the others",)


def test_a_node_that_is_ill_is_waited_for() -> None:
    nodes = [*some_nodes(1), a_kubernetes_node("ill", ready=False)]
    found = place(a_wish(H100, nodes=2), nodes, {})
    assert found.notices == ("1 of 2 nodes can run pods now: the job waits until others are healthy",)


@pytest.mark.parametrize(
    "members",
    [
        {"unschedulable": True},
        {"ready": False},
        {"labels": labelled(**{HEALTH: "UnschedulablePendingReboot"})},
        {"unschedulable": True, "taints": (Taint("team", "NoSchedule", "red"),)},
    ],
)
def test_nodes_that_take_no_pods_do_not_count_as_free(members: dict[str, Any]) -> None:
    found = place(a_wish(H100), [a_kubernetes_node("one", **members)], {})
    assert found.notices == ("0 of 1 nodes can run pods now: the job waits until others are healthy",)


@pytest.mark.parametrize("effect", ["NoSchedule", "NoExecute"])
def test_taints_that_keep_a_job_off_are_named(effect: str) -> None:
    found = place(
        a_wish(H100, nodes=2), [*some_nodes(1), a_kubernetes_node("x", taints=(Taint("team", effect, "red"),))], {}
    )
    assert found.notices == (
        f"1 of 2 nodes take it now: others have `team=red:{effect}`, which `pod_config` can tolerate",
    )


@pytest.mark.parametrize(
    "taint",
    [Taint(GPU, "NoSchedule"), Taint(EFA, "NoSchedule", "true"), Taint("team", "PreferNoSchedule", "red")],
)
def test_taints_of_its_own_devices_do_not_keep_a_job_off(taint: Taint) -> None:
    assert place(a_wish(H100), some_nodes(1, taints=(taint,)), {}).notices == ()


@pytest.mark.parametrize(
    ("toleration", "bears"),
    [
        ({"key": "team", "operator": "Equal", "value": "red", "effect": "NoSchedule"}, True),
        ({"key": "team", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "team", "value": "blue"}, False),
        ({"key": "team", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "crew", "operator": "Exists"}, False),
    ],
)
def test_tolerations_of_pod_config_count(toleration: dict[str, str], bears: bool) -> None:
    nodes = some_nodes(1, taints=(Taint("team", "NoSchedule", "red"),))
    found = place(a_wish(H100, pod_config=a_config(tolerations=[toleration])), nodes, {})
    assert (found.notices == ()) is bears


def test_what_is_asked_for_leaves_room_for_the_pods_of_every_node() -> None:
    quiet = place(a_wish(H100), some_nodes(2), {})
    assert (quiet.cpus, quiet.memory_gib) == (170.0, 1795.0)
    # DaemonSets that take more than the usual, beside a job that will be gone some day.
    used = {f"{P5}-0": {"cpu": 20.0, "memory": 200 * GIB}, f"{P5}-1": {"cpu": 150.0, "memory": 1500 * GIB}}
    assert place(a_wish(H100), some_nodes(1), used).cpus == 159.0
    assert place(a_wish(H100, nodes=2), some_nodes(2), used).cpus == 159.0


def test_what_is_said_wins_over_the_share() -> None:
    found = place(a_wish(a_choice("H100", 8, cpus=7.5, memory_gib=10, efa=3)), MIXED, {})
    assert (found.cpus, found.memory_gib, found.efa) == (7.5, 10, 3)


def test_no_interfaces_at_all_can_be_asked_for() -> None:
    assert place(a_wish(a_choice("H100", 8, efa=0), nodes=2), MIXED, {}).efa == 0


def test_never_less_is_asked_for_than_by_skypilot_unless_the_node_has_less() -> None:
    trn = place(a_wish(a_choice("Trainium", 1)), some_nodes(1, "ml.trn1.32xlarge"), {})
    assert (trn.cpus, trn.memory_gib) == (7.0, 27.0)
    small = place(a_wish(a_choice("A10G", 1)), some_nodes(1, "ml.g5.xlarge"), {})
    assert (small.cpus, small.memory_gib) == (3.0, 11.0)
    many = place(a_wish(a_choice("L4", 1)), some_nodes(1, "ml.g6.12xlarge"), {})
    assert (many.cpus, many.memory_gib) == (10.0, 38.0)


def test_part_of_a_device_is_one() -> None:
    found = place(a_wish(a_choice("A10G", 0.5)), MIXED, {})
    assert (found.devices, found.accelerators) == (1, 1)


def test_more_memory_of_the_same_device_will_do_but_the_very_name_comes_first() -> None:
    both = [*some_nodes(1, "ml.p4de.24xlarge"), *some_nodes(1, "ml.p4d.24xlarge")]
    assert place(a_wish(a_choice("A100", 8)), both, {}).instance_type == "ml.p4d.24xlarge"
    assert place(a_wish(a_choice("A100", 8)), both[:1], {}).instance_type == "ml.p4de.24xlarge"
    with pytest.raises(DoesNotFitError, match="no node has `A100-80GB`"):
        place(a_wish(a_choice("A100-80GB", 8)), both[1:], {})


def test_the_smallest_node_that_has_enough_is_taken() -> None:
    both = [*some_nodes(2), *some_nodes(2, "ml.p5.4xlarge")]
    assert place(a_wish(a_choice("H100", 1)), both, {}).instance_type == "ml.p5.4xlarge"
    assert place(a_wish(a_choice("H100", 2)), both, {}).instance_type == P5


def test_of_types_with_as_many_devices_the_smallest_that_is_not_cramped_is_taken() -> None:
    sizes = ("ml.g6.16xlarge", "ml.g6.xlarge", "ml.g6.4xlarge", "ml.g6.2xlarge", "ml.g6.8xlarge")
    nodes = [node for one in sizes for node in some_nodes(2, one)]
    # An xlarge has 4 CPUs and 16 GiB, of which less is left to pods than SkyPilot asks for with one device.
    assert place(a_wish(a_choice("L4", 1)), nodes, {}).instance_type == "ml.g6.2xlarge"
    assert place(a_wish(a_choice("L4", 1, memory_gib=8)), nodes, {}).instance_type == "ml.g6.2xlarge"
    assert place(a_wish(a_choice("L4", 1, cpus=20)), nodes, {}).instance_type == "ml.g6.8xlarge"
    assert place(a_wish(a_choice("L4", 1, cpus=2, memory_gib=8)), nodes, {}).instance_type == "ml.g6.xlarge"
    # Several nodes talk to each other: those with EFA come first.
    assert place(a_wish(a_choice("L4", 1), nodes=2), nodes, {}).instance_type == "ml.g6.8xlarge"
    assert place(a_wish(a_choice("L4", 1, efa=0), nodes=2), nodes, {}).instance_type == "ml.g6.2xlarge"
    assert place(a_wish(a_choice("L4", 1)), nodes[2:4], {}).instance_type == "ml.g6.xlarge"


def test_what_does_not_fit_is_told_of_the_type_that_has_the_devices() -> None:
    both = [*some_nodes(2, "ml.p5.4xlarge"), *some_nodes(2)]
    with pytest.raises(DoesNotFitError, match=r"`ml\.p5\.48xlarge` offers no `rdma/ib`"):
        place(a_wish(H100, pod_config=RDMA), both, {})


def test_the_ranks_of_a_job_are_on_one_type() -> None:
    both = [*some_nodes(1, "ml.p5e.48xlarge"), *some_nodes(1, "ml.p5en.48xlarge")]
    with pytest.raises(DoesNotFitError) as caught:
        place(a_wish(a_choice("H200", 8), nodes=2), both, {})
    assert caught.value.message == (
        "`train` does not fit: it wants 2 nodes, and 1 of `ml.p5e.48xlarge` is large enough"
    )


def test_a_cpu_job_takes_any_node_and_rather_one_without_accelerators() -> None:
    found = place(a_wish(), MIXED, {})
    assert (found.instance_type, found.accelerators, found.efa, found.processes) == (None, 0, 0, 1)
    assert (found.cpus, found.memory_gib, found.selector) == (2.0, 2.0, {HEALTH: "Schedulable"})
    assert found.preferred_types == ("ml.m5.4xlarge",)
    assert len(found.candidates) == len(MIXED)
    assert place(a_wish(), some_nodes(2), {}).preferred_types == ()
    assert place(a_wish(), some_nodes(2, "ml.m5.4xlarge"), {}).preferred_types == ()


def test_a_cpu_job_has_as_many_gib_as_cpus() -> None:
    found = place(a_wish(a_choice(cpus=8)), MIXED, {})
    assert (found.cpus, found.memory_gib) == (8, 8.0)


def test_a_type_without_more_is_the_whole_node() -> None:
    found = place(a_wish(a_choice(instance_type="ml.m5.4xlarge"), nodes=2), MIXED, {})
    assert (found.cpus, found.memory_gib, found.whole_node) == (13.0, 48.0, True)
    fast = place(a_wish(a_choice(instance_type="ml.c5n.18xlarge")), some_nodes(1, "ml.c5n.18xlarge"), {})
    assert fast.efa == 1


def test_cpus_of_a_node_with_accelerators_can_be_asked_for_alone() -> None:
    found = place(a_wish(a_choice(instance_type=P5, cpus=4)), MIXED, {})
    assert (found.accelerators, found.efa, found.accelerator_resource) == (0, 0, None)


def test_the_disk_is_asked_for_as_far_as_there_is_one() -> None:
    nodes = some_nodes(1, allocatable={GPU: "8", "ephemeral-storage": "500Gi"})
    found = place(a_wish(a_choice("H100", 8, ephemeral_storage_gib=1024)), nodes, {})
    assert found.storage_gib == 500
    assert found.notices == ("the nodes' disks have 500 GiB for pods: that is asked for, not 1024",)
    assert place(a_wish(a_choice("H100", 8, ephemeral_storage_gib=100)), nodes, {}).storage_gib == 100


@pytest.mark.parametrize(
    ("env", "mib"), [({}, 0), ({"FI_EFA_USE_HUGE_PAGE": "0"}, 0), ({"FI_EFA_USE_HUGE_PAGE": "1"}, 2560)]
)
def test_huge_pages_are_asked_for_where_libfabric_is_told_to_use_them(env: dict[str, str], mib: int) -> None:
    nodes = some_nodes(1, allocatable={GPU: "8", EFA: "32", "hugepages-2Mi": "5Gi"})
    assert place(a_wish(a_choice("H100", 4), env=env), nodes, {}).huge_pages_mib == mib


def test_missing_interfaces_are_said_loudly() -> None:
    nodes = some_nodes(2, allocatable={GPU: "8"})
    (notice,) = place(a_wish(H100, nodes=2), nodes, {}).notices
    assert notice == (
        f"`{P5}` has 32 EFA interfaces, and its nodes offer none: "
        "without the EFA device plugin, nodes talk over TCP, many times slower"
    )
    assert place(a_wish(a_choice("H100", 2), nodes=2), nodes, {}).notices == (notice,)
    assert place(a_wish(H100), nodes, {}).notices == ()
    assert place(a_wish(a_choice("H100", 8, efa=0), nodes=2), nodes, {}).notices == ()
    config = a_config(containers=[{"resources": {"limits": {EFA: 0}}}])
    assert place(a_wish(H100, nodes=2, pod_config=config), nodes, {}).notices == ()


def test_what_skypilot_means_by_one_device_is_said() -> None:
    (notice,) = place(a_task(a_choice("H100")), MIXED, {}).notices
    assert notice == "`H100` is one of the 8 of a node; `H100:8` is all of them"
    assert place(a_wish(a_choice("H100")), MIXED, {}).notices == ()


def test_what_skypilot_calls_gpus_on_neuron_is_said() -> None:
    (notice,) = place(a_task(a_choice("Trainium", 16)), some_nodes(1, "ml.trn1.32xlarge"), {}).notices
    assert notice == "`SKYPILOT_NUM_GPUS_PER_NODE` is 16: Neuron chips; SkyPilot itself says 0"


def test_resources_of_pod_config_are_what_is_asked_for() -> None:
    resources = {"limits": {EFA: 16, "memory": "64Gi"}, "requests": {"cpu": "500m"}}
    found = place(a_task(H100, nodes=2, pod_config=a_config(containers=[{"resources": resources}])), MIXED, {})
    assert (found.efa, found.cpus, found.memory_gib) == (16, 0.5, 64.0)
    both = {"limits": {"cpu": 8, EFA: 2}, "requests": {"cpu": 2, EFA: 4}}
    capped = place(a_task(H100, pod_config=a_config(containers=[{"resources": both}])), MIXED, {})
    assert (capped.cpus, capped.efa) == (2, 2)


def test_accelerators_of_pod_config_choose_nodes_that_have_them() -> None:
    config = a_config(containers=[{"resources": {"limits": {GPU: 8}}}])
    found = place(a_task(pod_config=config), MIXED, {})
    assert (found.accelerator_resource, found.accelerators, found.devices) == (GPU, 8, 8)


@pytest.mark.parametrize(
    "spec",
    [
        {"nodeSelector": {TYPE: "ml.g5.48xlarge"}},
        {
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [
                            {"matchExpressions": [{"key": TYPE, "operator": "In", "values": ["ml.g5.48xlarge"]}]}
                        ]
                    }
                }
            }
        },
    ],
)
def test_nodes_that_pod_config_leaves_out_are_no_candidates(spec: dict[str, Any]) -> None:
    choices = (H100, a_choice("A10G", 8))
    assert place(a_wish(*choices, pod_config=a_config(**spec)), MIXED, {}).instance_type == "ml.g5.48xlarge"


@pytest.mark.parametrize(
    ("expression", "taken"),
    [
        ({"operator": "NotIn", "values": ["b"]}, True),
        ({"operator": "NotIn", "values": ["a"]}, False),
        ({"operator": "Exists"}, True),
        ({"operator": "DoesNotExist"}, False),
        ({"operator": "Gt", "values": ["1"]}, True),
    ],
)
def test_the_words_of_a_node_affinity(expression: dict[str, Any], taken: bool) -> None:
    term = {"matchExpressions": [{"key": "zone", **expression}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    wish = a_wish(H100, pod_config=a_config(affinity={"nodeAffinity": required}))
    nodes = some_nodes(1, labels=labelled(zone="a"))
    if taken:
        assert place(wish, nodes, {}).candidates == (f"{P5}-0",)
    else:
        with pytest.raises(DoesNotFitError, match="no node has the labels that `pod_config` asks for"):
            place(wish, nodes, {})


RDMA = '{"spec": {"containers": [{"resources": {"limits": {"rdma/ib": 1}}}]}}'
THERE = "the cluster has 2 x `ml.p5.48xlarge` (8 H100), 1 x `ml.g5.48xlarge` (8 A10G), 3 x `ml.m5.4xlarge`"


@pytest.mark.parametrize(
    ("wish", "message", "nearest"),
    [
        (a_wish(a_choice("H200", 8)), "no node has `H200`", None),
        (
            a_wish(a_choice("H100", 16)),
            "`ml.p5.48xlarge` has 8 `H100`, not 16",
            "2 nodes with 8 `H100` (`ml.p5.48xlarge`)",
        ),
        (
            a_wish(H100, nodes=4),
            "it wants 4 nodes, and 2 of `ml.p5.48xlarge` are large enough",
            "2 nodes with 8 `H100` (`ml.p5.48xlarge`)",
        ),
        (
            a_wish(a_choice("A10G", 4), nodes=2),
            "it wants 2 nodes, and 1 of `ml.g5.48xlarge` is large enough",
            "1 node with 4 `A10G` (`ml.g5.48xlarge`)",
        ),
        (
            a_wish(a_choice("H100", 8, efa=64)),
            "`ml.p5.48xlarge` has 32 `vpc.amazonaws.com/efa` for pods, not 64 `vpc.amazonaws.com/efa`",
            "1 node with 8 `H100` (`ml.p5.48xlarge`)",
        ),
        (
            a_wish(H100, pod_config=RDMA),
            "`ml.p5.48xlarge` offers no `rdma/ib`",
            "1 node with 8 `H100` (`ml.p5.48xlarge`)",
        ),
        (
            a_wish(a_choice(cpus=500)),
            "the largest node has 179.97 CPUs for pods, not 500 CPUs",
            "1 node with 170 CPUs and 500 GiB",
        ),
        (
            a_wish(a_choice("H100", 1, memory_gib=4000)),
            "`ml.p5.48xlarge` has 1890.3 GiB of memory for pods, not 4000 GiB of memory",
            "1 node with 1 `H100` (`ml.p5.48xlarge`)",
        ),
        (
            a_wish(a_choice(instance_type="p5.48xlarge")),
            "no node is a `p5.48xlarge`, there is `ml.p5.48xlarge`",
            None,
        ),
        (a_wish(a_choice(instance_type="ml.c5.large")), "no node is a `ml.c5.large`", None),
        (
            a_wish(a_choice("H100", 8, instance_type="ml.g5.48xlarge")),
            "`ml.g5.48xlarge` has no `H100`",
            None,
        ),
        (
            a_wish(a_choice("H200", 8), a_choice("H100", 16)),
            "no node has `H200`; `ml.p5.48xlarge` has 8 `H100`, not 16",
            "2 nodes with 8 `H100` (`ml.p5.48xlarge`)",
        ),
    ],
)
def test_a_job_that_can_never_run_is_refused_with_the_nearest_that_can(
    wish: Any, message: str, nearest: str | None
) -> None:
    with pytest.raises(DoesNotFitError) as caught:
        place(wish, MIXED, {})
    assert caught.value.message == f"`train` does not fit: {message}"
    assert caught.value.hint == (f"nearest that fits: {nearest}\n{THERE}" if nearest else THERE)
    assert (caught.value.code, int(caught.value.exit_code)) == ("does_not_fit", 20)


@pytest.mark.parametrize("choice", [H100, a_choice(instance_type=P5)])
def test_nodes_without_a_device_plugin_are_said_to_be(choice: Any) -> None:
    with pytest.raises(DoesNotFitError) as caught:
        place(a_wish(choice), some_nodes(1, allocatable={}), {})
    message = "the nodes of `ml.p5.48xlarge` offer no accelerators: their device plugin does not run"
    assert caught.value.message == f"`train` does not fit: {message}"


def test_an_empty_cluster_is_said_to_be() -> None:
    with pytest.raises(DoesNotFitError) as caught:
        place(a_wish(), [], {})
    assert (caught.value.message, caught.value.hint) == (
        "`train` does not fit: the cluster has no nodes",
        "add instances to a group",
    )


def test_a_type_that_the_catalog_does_not_know_is_taken_as_it_is() -> None:
    nodes = [
        KubernetesNode(
            "new", {TYPE: "ml.p9.48xlarge"}, {GPU: "8", EFA: "64", "cpu": "100", "memory": "1Ti"}, True, "v1"
        )
    ]
    found = place(a_wish(a_choice(instance_type="ml.p9.48xlarge")), nodes, {})
    assert (found.devices, found.efa, found.accelerator_name) == (8, 64, None)


@pytest.mark.parametrize(
    "text", ["[]", '{"spec": []}', '{"spec": {"tolerations": {}}}', '{"spec": {"nodeSelector": 1}}']
)
def test_a_pod_config_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="`pod_config"):
        place(a_task(pod_config=text), MIXED, {})


def test_a_quantity_that_is_none_is_refused() -> None:
    config = a_config(containers=[{"resources": {"limits": {EFA: "many"}}}])
    with pytest.raises(UsageError, match=r"`pod_config`: `many` is no quantity of `vpc\.amazonaws\.com/efa`"):
        place(a_wish(H100, contract=Contract.SKYPILOT, pod_config=config), MIXED, {})
