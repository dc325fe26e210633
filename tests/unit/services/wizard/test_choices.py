"""What is offered, what is refused, and the reason in numbers."""

from __future__ import annotations

from hpctl.errors import AccessError, UsageError
from hpctl.facts.world import World
from hpctl.services.wizard.cluster import Sights
from hpctl.services.wizard.cluster_form import cluster_form
from hpctl.services.wizard.interview import Move
from hpctl.services.wizard.prepare import Prepared, prepared
from hpctl.services.wizard.question import Option
from tests.unit.builders import (
    REGION,
    a_file_system,
    a_permission,
    a_quota,
    a_role,
    a_route,
    a_route_table,
    a_security_group,
    a_subnet,
    an_addon,
    an_eks_cluster,
)
from tests.unit.fakes import FakeAccount
from tests.unit.services.wizard.people import EKS, SLURM, Person, a_form, given, interviewed


def asked(name: str, account: FakeAccount, answers: dict[str, str] | None = None) -> Prepared:
    """Return a question as it is asked after all answers before it."""
    form, all_of_them = a_form(account), dict(answers or EKS)
    before = given(dict(list(all_of_them.items())[: list(all_of_them).index(name)]))
    return prepared(form, form.named(name), before, {})


def refusals(question: Prepared) -> dict[str, str | None]:
    return {one.value: one.refused for one in question.options}


def test_a_subnet_that_is_too_small_says_how_many_addresses_are_needed() -> None:
    account = FakeAccount().holding(a_subnet(), a_subnet("subnet-2", free_addresses=27))
    question = asked("subnet", account)
    assert refusals(question) == {
        "subnet-1": None,
        "subnet-2": "has 27 free addresses, and the nodes need 162",
    }
    assert question.options[0].label == "4000 free addresses, usw2-az1"
    assert question.default == ("subnet-1",)  # the only one that works


def test_a_subnet_with_room_for_some_of_the_nodes_may_be_one_of_several() -> None:
    account = FakeAccount().holding(
        a_subnet(free_addresses=100), a_subnet("subnet-2", free_addresses=90), a_subnet("subnet-3", free_addresses=80)
    )
    question = asked("subnet", account)
    assert {one.value: (one.refused is None, one.lacking) for one in question.options} == {
        "subnet-1": (True, "has 100 free addresses, and the nodes need 162"),
        "subnet-2": (True, "has 90 free addresses, and the nodes need 162"),
        "subnet-3": (False, None),  # a node takes 81
    }
    assert question.default == ()
    before = given(dict(list(EKS.items())[: list(EKS).index("subnet")]))
    form = a_form(account)
    person = Person({"subnet": [("subnet-1",), ("subnet-1", "subnet-2")]}, reviews=[Move.WRITE])
    told, _saved = interviewed(person, form, before | given(EKS, *list(EKS)[list(EKS).index("subnet") + 1 :]))
    assert told["subnet"] == ("subnet-1", "subnet-2")
    assert [[str(one) for one in failed] for failed in person.failures] == [
        ["`subnet-1` has 100 free addresses, and the nodes need 162"]
    ]


def test_a_security_group_that_lets_nothing_out_may_stand_beside_one_that_does() -> None:
    account = FakeAccount()
    members_only = a_security_group("sg-inward").permissions[:2]
    account.network.known_groups.append(a_security_group("sg-inward", permissions=members_only))
    question = asked("security-group", account)
    inward = next(one for one in question.options if one.value == "sg-inward")
    assert inward.refused is None
    assert "does not let" in str(inward.lacking) or "reach" in str(inward.lacking)
    assert question.default == ("sg-nodes",)


def test_a_subnet_in_a_zone_without_the_type_is_refused() -> None:
    account = FakeAccount()
    account.network.offered = {"ml.p5.48xlarge": {"usw2-az2"}}
    reasons = refusals(asked("subnet", account))
    assert reasons["subnet-2"] is None
    assert "usw2-az1" in str(reasons["subnet-1"]) or "offer" in str(reasons["subnet-1"])


def test_a_public_subnet_is_refused() -> None:
    account = FakeAccount().holding(a_route_table(a_route("igw-1")))
    assert "is public" in str(refusals(asked("subnet", account))["subnet-1"])


def test_an_eks_cluster_is_refused_for_its_authentication_mode_and_its_version() -> None:
    account = FakeAccount().holding(
        an_eks_cluster(), an_eks_cluster("old", version="1.29"), an_eks_cluster("map", authentication_mode="CONFIG_MAP")
    )
    reasons = refusals(asked("eks-cluster", account))
    assert reasons["training"] is None
    assert "CONFIG_MAP" in str(reasons["map"])
    assert "1.29" in str(reasons["old"])


def test_an_eks_cluster_without_an_add_on_that_nodes_need_is_refused() -> None:
    account = FakeAccount().holding(an_eks_cluster(), an_addon("coredns"), an_addon("kube-proxy"))
    account.kubernetes.sets = []
    assert refusals(asked("eks-cluster", account)) == {"training": "EKS cluster `training` has no add-on `vpc-cni`"}


def test_nothing_more_is_asked_about_an_option_that_is_refused() -> None:
    account = FakeAccount().holding(an_eks_cluster(), an_eks_cluster("old", version="1.29"))
    asked("eks-cluster", account)
    assert account.calls.of("eks.addons") == [("training",)]


def test_types_are_offered_with_what_is_left_of_their_quota() -> None:
    account = FakeAccount().holding(a_quota(value=4), a_quota("ml.p4d.24xlarge for cluster usage", "L-1", value=0))
    options = {one.value: one for one in asked("instance-type", account).options}
    assert options["ml.p5.48xlarge"] == Option("ml.p5.48xlarge", "8 x NVIDIA H100, 4 left of a quota of 4")
    refused = options["ml.p4d.24xlarge"].refused
    assert refused == "`ml.p4d.24xlarge for cluster usage` allows 0, and 1 are needed"
    assert "ml.c5.2xlarge" not in options  # no accelerator, and no quota


def test_a_type_that_no_zone_has_is_refused_in_the_region_s_name() -> None:
    account = FakeAccount()
    account.network.offered = {"ml.p5.48xlarge": set()}
    assert refusals(asked("instance-type", account))["ml.p5.48xlarge"] == f"no zone of {REGION} has it"


def test_a_controller_runs_on_types_without_accelerators() -> None:
    found = [one.value for one in asked("controller-type", FakeAccount(), dict(SLURM)).usable]
    assert found == ["ml.c5.2xlarge"]


def test_a_security_group_whose_members_may_not_talk_is_refused() -> None:
    account = FakeAccount()
    account.network.known_groups.append(a_security_group("sg-mute", permissions=(a_permission(),)))
    reasons = refusals(asked("security-group", account))
    assert reasons["sg-nodes"] is None
    assert str(reasons["sg-mute"]) == "does not let its members' traffic in on all protocols"


def test_a_role_that_sagemaker_may_not_assume_says_whom_it_trusts() -> None:
    account = FakeAccount().holding(a_role(), a_role("web", trusted_services=frozenset({"ec2.amazonaws.com"})))
    reasons = refusals(asked("execution-role", account))
    assert reasons[a_role().arn] is None
    assert reasons[a_role("web").arn] == "trusts ec2.amazonaws.com, not sagemaker.amazonaws.com"


def test_a_role_that_may_not_make_network_interfaces_is_refused() -> None:
    account = FakeAccount()
    account.iam.deny("ec2:CreateNetworkInterface", principal_arn=a_role().arn)
    assert "network interfaces" in str(refusals(asked("execution-role", account))[a_role().arn])


def test_buckets_are_offered_without_a_look_into_them_those_of_sagemaker_s_name_first() -> None:
    account = FakeAccount()
    account.storage.buckets |= {"logs": {}, "data": {}}
    found = [one.value for one in asked("scripts", account).options]
    assert found == ["s3://sagemaker-x", "s3://logs", "s3://data", "none"]
    many = FakeAccount()
    many.storage.buckets |= {f"b-{number}": {} for number in range(30)}
    assert [one.value for one in asked("scripts", many).options] == ["s3://sagemaker-x", "none"]
    assert [call for call in account.calls.made if call[0] == "storage.objects"] == []


def test_a_file_system_of_another_vpc_is_refused() -> None:
    account = FakeAccount().holding(a_file_system(), a_file_system("fs-0aaaaaaaaaaaaaaaa", vpc_id="vpc-2"))
    question = asked("fsx", account, dict(SLURM))
    names = ["fs-0123456789abcdef0", "none", "fs-0aaaaaaaaaaaaaaaa"]
    assert [one.value.partition(".")[0] for one in question.options] == names
    assert "vpc-2" in str(question.options[-1].refused)
    assert question.default == ("none",)


def test_an_api_that_refuses_leaves_an_answer_to_be_typed() -> None:
    account = FakeAccount()
    account.calls.fail("account.roles", AccessError("`iam:ListRoles` is not allowed"))
    question = asked("execution-role", account)
    assert (question.options, question.note) == ((), "nothing can be offered: `iam:ListRoles` is not allowed")


def test_rows_of_a_list_are_not_asked_for_again_one_by_one() -> None:
    account = FakeAccount()
    asked("subnet", account)
    asked("execution-role", account)
    made = [call[0] for call in account.calls.made]
    assert made.count("account.subnets_in") == 1
    assert "network.subnets" not in made
    assert "iam.role" not in made


def test_regions_are_offered_before_one_is_chosen_and_nothing_else_is() -> None:
    account = FakeAccount()
    asked_in: list[str | None] = []

    def world_in(region: str | None) -> World:
        asked_in.append(region)
        return account.world

    def none_named() -> str:
        raise UsageError("no AWS Region is chosen")

    form = cluster_form(Sights(world_in, none_named).after, lambda _file: None)
    regions = prepared(form, form.named("region"), {}, {})
    assert (REGION in refusals(regions), regions.default, regions.note) == (True, (), None)
    roles = prepared(form, form.named("execution-role"), {}, {})
    assert (roles.options, roles.note) == ((), "nothing can be offered: no AWS Region is chosen")
    assert asked_in == ["us-east-1"]
