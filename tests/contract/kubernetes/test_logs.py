"""Logs: whole, their end, since when, of which container, with times, and as they are written."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.contract.kubernetes.objects import ONE, a_container, a_pod, a_waiting_pod
from tests.contract.kubernetes.space import Space, until
from tests.contract.kubernetes.test_pods import ended, log, ready

LINES = [f"line {number}" for number in range(1, 21)]
SCRIPT = "for i in $(seq 1 20); do echo line $i; done; sleep 2.5; echo late; printf 'no end'"


@pytest.fixture(scope="module")
def talker(room: Space) -> Space:
    """A namespace with a pod that said twenty lines, and two more some seconds later."""
    room.make("pods", a_pod(SCRIPT))
    ended(room)
    return room


def test_a_log_is_what_was_printed(talker: Space) -> None:
    assert log(talker) == "\n".join([*LINES, "late", "no end"])


@pytest.mark.parametrize(
    ("lines", "last"), [(0, []), (1, ["no end"]), (3, ["line 20", "late", "no end"]), (500, [*LINES, "late", "no end"])]
)
def test_the_last_lines_are_told(talker: Space, lines: int, last: list[str]) -> None:
    assert log(talker, tailLines=lines).split("\n") == (last or [""])


def test_a_log_is_cut_after_so_many_bytes(talker: Space) -> None:
    assert log(talker, limitBytes=10) == "line 1\nlin"


def test_every_line_has_its_time(talker: Space) -> None:
    rows = [line.split(" ", 1) for line in log(talker, timestamps=True).split("\n")]
    assert [text for _, text in rows] == [*LINES, "late", "no end"]
    times = [datetime.fromisoformat(moment) for moment, _ in rows]
    assert times == sorted(times)
    assert all(moment.endswith("Z") and "." in moment for moment, _ in rows)
    assert (times[20] - times[19]).total_seconds() > 2


def test_what_is_older_is_left_out(talker: Space) -> None:
    late = log(talker, timestamps=True, tailLines=2).split(" ", 1)[0]
    moment = datetime.fromisoformat(late).astimezone(UTC).replace(microsecond=0)
    assert log(talker, sinceTime=moment.strftime("%Y-%m-%dT%H:%M:%SZ")) == "late\nno end"
    assert log(talker, sinceSeconds=3600) == log(talker)
    future = log(talker, sinceTime="2100-01-01T00:00:00Z")
    assert future == ""


REFUSED = {
    "both ways of since": ({"sinceSeconds": 1, "sinceTime": "2001-01-01T00:00:00Z"}, 422),
    "a time before now": ({"sinceSeconds": 0}, 422),
    "less than no lines": ({"tailLines": -1}, 422),
    "less than a byte": ({"limitBytes": 0}, 422),
    "no such container": ({"container": "none"}, 400),
    "no time": ({"sinceTime": "yesterday"}, 400),
    "what was not before": ({"previous": True}, 400),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_log_that_there_is_none_of_is_refused(talker: Space, what: str) -> None:
    query, code = REFUSED[what]
    answer = talker.cluster.get(talker.path("pods", ONE, sub="log"), accept="*/*", **query)  # type: ignore[arg-type]
    assert answer.refusal == (code, "Invalid" if code == 422 else "BadRequest")


def test_a_container_is_named_where_there_are_several(space: Space) -> None:
    pod = a_pod("echo main")
    pod["spec"]["containers"].append(a_container("echo side", "side"))
    pod["spec"]["initContainers"] = [a_container("echo first", "first")]
    space.make("pods", pod)
    ended(space)
    place = space.path("pods", ONE, sub="log")
    answer = space.cluster.get(place, accept="*/*")
    assert answer.refusal == (400, "BadRequest")
    assert answer.message.startswith("a container name must be specified for pod one, choose one of: [main side]")
    assert [log(space, container=name) for name in ("main", "side", "first")] == ["main\n", "side\n", "first\n"]


def test_a_pod_that_has_not_begun_has_no_log(space: Space) -> None:
    space.make("pods", a_waiting_pod())
    place = space.path("pods", ONE, sub="log")
    answer = space.cluster.get(place, accept="*/*")
    # Kubernetes answers with no content while no node has the pod, and refuses while its containers wait.
    assert (answer.code, answer.body) == (204, "") or answer.refusal == (400, "BadRequest")
    assert space.cluster.get(space.path("pods", "none", sub="log"), accept="*/*").refusal == (404, "NotFound")


def test_both_streams_are_in_one_log(space: Space) -> None:
    space.make("pods", a_pod("echo out; sleep 0.2; echo err >&2; sleep 0.2; echo out again"))
    ended(space)
    assert log(space) == "out\nerr\nout again\n"


def test_bytes_stay_as_they_are(space: Space) -> None:
    space.make("pods", a_pod(r"printf 'caf\303\251 \377\000 \033[31m\r\n'"))
    ended(space)
    with space.cluster.opened("GET", space.path("pods", ONE, sub="log"), accept="*/*") as answer:
        assert answer.read() == b"caf\xc3\xa9 \xff\x00 \x1b[31m\r\n"


def test_a_long_line_is_one_line(space: Space) -> None:
    space.make("pods", a_pod("python3 -c \"print('x' * 300000); print('end')\""))
    ended(space)
    assert [len(line) for line in log(space).splitlines()] == [300000, 3]


def test_a_follower_hears_each_line_when_it_is_said(space: Space) -> None:
    script = "for i in 1 2 3 4; do echo $i; sleep 0.5; done"
    space.make("pods", a_pod(script))
    until(lambda: space.cluster.get(space.path("pods", ONE, sub="log"), accept="*/*").code, lambda code: code == 200)
    heard: list[tuple[bytes, float]] = []
    with space.cluster.opened("GET", space.path("pods", ONE, sub="log"), query={"follow": "true"}) as answer:
        heard.extend((chunk, time.monotonic()) for chunk in answer.stream(1))
    assert b"".join(chunk for chunk, _ in heard) == b"1\n2\n3\n4\n"
    assert heard[-1][1] - heard[0][1] > 0.8, "the lines came all at once"


def test_a_follower_may_begin_near_the_end(space: Space) -> None:
    space.make("pods", a_pod("seq 1 100; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo over"))
    until(lambda: log(space) if _runs(space) else "", lambda text: "100\n" in text)
    query = {"follow": "true", "tailLines": 2}
    with space.cluster.opened("GET", space.path("pods", ONE, sub="log"), query=query) as answer:
        stream = answer.stream(1)
        begun = b"".join(next(stream) for _ in range(len(b"99\n100\n")))
        assert begun == b"99\n100\n"


def _runs(space: Space) -> bool:
    return bool(space.get("pods", ONE).good()["status"]["phase"] == "Running")


def test_many_lines_come_whole_to_several_followers(space: Space) -> None:
    count = 20_000
    space.make("pods", a_pod(f"sleep 1; seq 1 {count}"))
    ready(space)
    whole = "".join(f"{number}\n" for number in range(1, count + 1)).encode()
    place, query = space.path("pods", ONE, sub="log"), {"follow": "true"}
    with space.cluster.opened("GET", place, query=query) as one, space.cluster.opened("GET", place, query=query) as two:
        assert one.read() == whole
        assert two.read() == whole


def test_the_python_client_follows(space: Space) -> None:
    from kubernetes.client import CoreV1Api
    from kubernetes.watch import Watch

    space.make("pods", a_pod("for i in 1 2 3; do echo $i; sleep 0.2; done"))
    until(lambda: space.get("pods", ONE).good()["status"]["phase"], lambda phase: phase != "Pending")
    api: Any = CoreV1Api(space.cluster.python)
    watch: Any = Watch()  # type: ignore[no-untyped-call]
    followed = watch.stream(api.read_namespaced_pod_log, name=ONE, namespace=space.name, follow=True)
    assert list(followed) == ["1", "2", "3"]
