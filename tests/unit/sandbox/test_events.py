"""Events follow from dated requests, and have the same id whenever they are asked for."""

from __future__ import annotations

from hpctl.sandbox.sagemaker.cluster import Cluster
from hpctl.sandbox.sagemaker.course import Course
from hpctl.sandbox.sagemaker.events import Event
from tests.unit.sandbox.clusters import CONTINUOUS, FAULT, a_cluster, a_group, at

EKS = {"Orchestrator": {"Eks": {"ClusterArn": "arn:eks"}}}


def _events(cluster: Cluster, share: float) -> list[Event]:
    course = Course(cluster)
    course.advance(at(share))
    return course.told(at(share))


def _texts(cluster: Cluster, share: float) -> list[str]:
    return [event.description for event in _events(cluster, share)]


def _errors(cluster: Cluster, share: float) -> list[Event]:
    return [event for event in _events(cluster, share) if event.level == "Error"]


def test_what_has_happened_stays_as_it_was() -> None:
    cluster = a_cluster(a_group(fault=FAULT), a_group("good"), request=CONTINUOUS)
    early, late = _events(cluster, 0.6), _events(cluster, 30)
    assert late[: len(early)] == early
    assert len(late) > len(early)
    ids = [event.id(cluster) for event in late]
    assert len(set(ids)) == len(ids)
    assert [event.id(cluster) for event in early] == ids[: len(early)]


def test_a_good_creation_is_told_from_start_to_end() -> None:
    texts = _texts(a_cluster(a_group(count=1)), 1.0)
    assert texts[0] == "Cluster one creation started successfully"
    assert texts[-1] == "Instance Group workers creation in Cluster one completed successfully"
    instance = a_cluster().instance_id(a_group().seats[0], 0)
    assert f"Instance lifecycle script execution for EC2 Instance {instance} has Succeeded" in texts
    assert "Successfully created and stored munge key" in texts
    assert not any("Access Entr" in text for text in texts)


def test_eks_tells_of_access_entries_and_slurm_of_its_munge_key() -> None:
    cluster = a_cluster(a_group(count=1), request=EKS)
    assert "EKS Access Entries creation successful for Cluster one" in _texts(cluster, 1.0)
    assert "Successfully created and stored munge key" not in _texts(cluster, 1.0)
    entries = [event.metadata for event in _events(cluster, 1) if "EKS Access" in event.description]
    assert entries == [{"Cluster": {"EksRoleAccessEntries": ["arn:role"]}}]


def test_one_fault_gives_two_errors_within_a_second_and_only_details_tell_why() -> None:
    cluster = a_cluster(a_group(count=1, fault=FAULT))
    first, second = _errors(cluster, 0.5)
    assert 0 < (second.at - first.at).total_seconds() < 1
    assert FAULT not in str(first.summary(cluster))
    metadata = first.details(cluster)["EventDetails"]["EventMetadata"]
    assert metadata["Instance"]["FailureMessage"] == FAULT


def test_errors_repeat_with_each_attempt() -> None:
    cluster = a_cluster(a_group(count=1, fault=FAULT), request=CONTINUOUS)
    assert [len(_errors(cluster, share)) for share in (0.3, 1.9, 2.5, 6.5)] == [0, 2, 4, 6]


def test_noise_warns_of_nothing() -> None:
    events = _events(a_cluster(a_group(count=3)), 1.0)
    (noise,) = [event for event in events if event.level == "Warn"]
    expected = "3 node(s) lost orchestration-ready status. Current: 0/3 orchestration-ready across 1 instance group(s)."
    assert noise.description == expected
    assert "contact customer support" in noise.metadata["Cluster"]["FailureMessage"]


def test_only_the_newest_five_hundred_are_kept() -> None:
    events = _events(a_cluster(a_group(count=200)), 1.0)
    assert len(events) == 500
    assert events[-1].description.startswith("Instance Group workers creation")


def test_a_deletion_ends_the_creation_and_tells_of_its_own() -> None:
    cluster = a_cluster(a_group(count=1, fault=FAULT), deleted_at=1.0, request=CONTINUOUS)
    texts = _texts(cluster, 9.0)
    assert "Cluster one deletion started successfully" in texts
    assert texts[-1].startswith("Customer ENI successfully deleted for EC2 Instance i-")
    assert len(_errors(cluster, 9.0)) == 2
