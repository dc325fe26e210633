"""One report, many forms: data on stdout, everything else on stderr, and the forms agree with each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jmespath
import pytest
from ruamel.yaml import YAML

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl
from tests.functional.cli.proxy import Answer, Proxy
from tests.functional.cli.shapes import STEPS, broken_promises, promised, reports

READS: dict[str, tuple[str, str]] = {
    "cluster list": ("ClusterList", "clusters[].name"),
    "cluster describe looked-at": ("Cluster", "cluster.instance_groups[].[name, current_count]"),
    "cluster events looked-at": ("EventList", "events[?level=='Info'].description | [0]"),
    "cluster check -f cluster.yaml": ("Checks", "results[].id | [0]"),
    "cluster plan -f cluster.yaml": ("Plan", "actions[].verb"),
    "node list --cluster looked-at": ("NodeList", "nodes[0].instance_group"),
    "node describe NODE --cluster looked-at": ("Node", "node.status"),
    "instances list --contains p5": ("InstanceTypeList", "length(instance_types)"),
    "instances describe ml.p5.48xlarge": ("InstanceType", "instance_type.efa_interfaces"),
    "quota show -f cluster.yaml": ("QuotaList", "quotas[?needed > `0`].quota | [0]"),
    "check-model Qwen/Qwen3-8B": ("Model", "model.parameters"),
    "check-model Qwen3": ("ModelFamily", "architectures[].model_type"),
    "sandbox status --name cli": ("Sandbox", "name"),
}


@pytest.fixture
def words(request: pytest.FixtureRequest, hpctl: Hpctl, account: Account, cpu_cluster: str) -> tuple[str, ...]:
    """The words of a read command that finds something."""
    specs.write(hpctl.folder, specs.eks("planned"))
    nodes = account.client("sagemaker").list_cluster_nodes(ClusterName=cpu_cluster)["ClusterNodeSummaries"]
    line: str = request.param
    return tuple(line.replace("NODE", nodes[0]["InstanceId"]).split())


@pytest.mark.scorecard(1, 2, 3, 4, 6)
@pytest.mark.slow
@pytest.mark.timeout(180)  # eight commands, on a machine that may be busy
@pytest.mark.parametrize(("words", "line"), [(line, line) for line in READS], indirect=["words"], ids=list(READS))
def test_every_form_of_a_read_command_tells_the_same(words: tuple[str, ...], line: str, hpctl: Hpctl) -> None:
    kind, query = READS[line]
    answer = _machine_forms(hpctl, words)
    assert answer["kind"] == kind
    assert broken_promises(answer, promised(reports()[kind])) == []

    asked = hpctl(*words, "-o", "json", "--query", query).json()
    assert asked == jmespath.search(query, answer)
    assert asked not in ([], None, "")

    _human_forms(hpctl, words)


def _machine_forms(hpctl: Hpctl, words: tuple[str, ...]) -> Any:
    told = hpctl(*words, "-o", "json")
    yaml = hpctl(*words, "-o", "yaml")
    line = hpctl(*words, "-o", "jsonl")
    answer = _steady(told.json())
    assert _steady(YAML(typ="safe").load(yaml.out)) == answer
    assert [_steady(one) for one in line.json_lines()] == [answer]
    assert (told.err, yaml.err, line.err) == ("", "", "")
    return answer


def _human_forms(hpctl: Hpctl, words: tuple[str, ...]) -> None:
    names = hpctl(*words, "-o", "name").out.split("\n")
    assert names.pop() == ""
    table, wide = hpctl(*words), hpctl(*words, "-o", "wide")
    for one in (table, wide):
        assert one.err == ""
        assert one.out.strip()
        assert "\x1b" not in one.out
    assert len(wide.out) >= len(table.out)
    assert [name for name in names if name.rpartition("/")[2] not in wide.out] == []
    refused = hpctl(*words, "-o", "name", "--query", "x", ends=ExitCode.USAGE)
    assert "hint: it goes with `-o table`, `-o json` and `-o yaml`" in refused.err


def _steady(answer: Any) -> Any:
    """Return the answer without what two runs cannot share: the id that marks a run."""
    if "run_id" in answer:
        answer["run_id"] = "RUN"
    for action in answer.get("actions", ()):
        for tag in action["request"].get("Tags", ()):
            if tag["Key"] == "hpctl:run-id":
                tag["Value"] = "RUN"
    return answer


@pytest.mark.scorecard(4)
def test_a_table_has_a_header_and_one_row_each(hpctl: Hpctl, account: Account, cpu_cluster: str) -> None:
    header, *rows = hpctl("cluster", "list").out.splitlines()
    assert header.split() == ["NAME", "STATUS", "AGE"]
    assert {row.split()[0] for row in rows} == set(account.statuses())
    wide = hpctl("cluster", "list", "-o", "wide").out.splitlines()
    assert wide[0].split() == ["NAME", "STATUS", "AGE", "CREATED", "ARN"]
    assert all("arn:aws:sagemaker:" in row for row in wide[1:])


COLUMNS: dict[str, str] = {
    "cluster list": "clusters[].{NAME: name, WHERE: arn}",
    "cluster events looked-at": "events[].{LEVEL: level, ID: event_id}",
    "node list --cluster looked-at": "nodes[].{GROUP: instance_group, NODE: node_id, STATE: status}",
    "instances list --contains p5": "instance_types[].{TYPE: instance_type, EFA: efa_interfaces}",
    "quota show -f cluster.yaml": "quotas[].{NEEDED: needed, LIMIT: limit}",
}


@pytest.mark.scorecard(4)
@pytest.mark.parametrize(("words", "line"), [(line, line) for line in COLUMNS], indirect=["words"], ids=list(COLUMNS))
def test_a_table_of_the_columns_that_one_chooses(words: tuple[str, ...], line: str, hpctl: Hpctl) -> None:
    told = hpctl(*words, "--query", COLUMNS[line])
    rows = hpctl(*words, "-o", "json", "--query", COLUMNS[line]).json()
    header, *lines = told.out.splitlines()
    assert header.split() == list(rows[0])
    assert None not in rows[0].values()
    assert [one.split() for one in lines] == [[*map(str, row.values())] for row in rows]
    assert told.err == ""


def test_an_empty_list_says_so_on_stderr_alone(hpctl: Hpctl) -> None:
    told = hpctl("cluster", "list", "--region", "ap-south-1")
    assert (told.out, told.err) == ("", "no clusters in ap-south-1\n")
    assert hpctl("cluster", "list", "--region", "ap-south-1", "-o", "json").json()["clusters"] == []


def test_create_with_json_lines_tells_typed_steps_in_order(hpctl: Hpctl, name: str, tmp_path: Path) -> None:
    told = hpctl("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes", "-o", "jsonl")
    *steps, outcome = told.json_lines()
    types = [step["type"] for step in steps]
    assert (types[0], types[-1]) == ("started", "finished")
    assert set(types[1:-1]) == {"event", "observed"}
    shapes = {model.model_fields["type"].default: promised(model) for model in STEPS}
    assert [broken for step in steps for broken in broken_promises(step, shapes[step["type"]])] == []
    seen = [step["elapsed_s"] for step in steps if step["type"] == "observed"]
    assert seen == sorted(seen)
    assert (outcome["kind"], outcome["result"]) == ("Outcome", "done")
    assert broken_promises(outcome, promised(reports()["Outcome"])) == []
    gone = hpctl("cluster", "delete", name, "--yes", "-o", "jsonl").json_lines()
    assert [step.get("type", step.get("kind")) for step in gone if step.get("type") != "observed"] == [
        "started",
        "finished",
        "Outcome",
    ]


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_create_with_a_document_writes_exactly_one(output: str, hpctl: Hpctl, name: str, tmp_path: Path) -> None:
    told = hpctl("cluster", "create", "-f", specs.write(tmp_path, specs.slurm(name)), "--yes", "-o", output)
    answer = YAML(typ="safe").load(told.out) if output == "yaml" else told.json()
    assert (answer["kind"], answer["result"], answer["cluster"]) == ("Outcome", "done", name)
    assert told.err.startswith("account 123456789012, region us-west-2, ")


FAILURES: dict[str, tuple[str, ...]] = {
    "invalid_spec": ("cluster", "plan", "-f", "wrong.yaml"),
    "usage": ("cluster", "plan", "-f", "cluster.yaml", "--skip", "no-such-check"),
    "not_found": ("cluster", "describe", "nobody"),
    "access_denied": ("cluster", "list"),
    "unavailable": ("cluster", "events", "looked-at"),
    "conflict": ("cluster", "plan", "-f", "elsewhere.yaml"),
    "unconfirmed": ("cluster", "create", "-f", "cluster.yaml"),
    "refused": ("node", "list", "--cluster", "looked-at"),
    "checks_failed": ("cluster", "check", "-f", "split.yaml"),
}


@pytest.fixture
def failing(watched: Hpctl, proxy: Proxy, cpu_cluster: str) -> Hpctl:
    """The command in a folder of good and bad specs, on a bad day of AWS."""
    folder = watched.folder
    specs.write(folder, specs.slurm("fine"))
    specs.write(folder, specs.slurm("fine", colour="blue", node_recovery="Perhaps"), "wrong.yaml")
    specs.write(folder, specs.slurm("fine", account="999999999999"), "elsewhere.yaml")
    spread = specs.network("${SUBNET_ID}", "${OTHER_SUBNET_ID}")
    specs.write(folder, specs.eks("split", network=spread), "split.yaml")
    proxy.deny("sagemaker:ListClusters")
    proxy.answer("sagemaker:ListClusterEvents", Answer(200, b"<html>Sign in</html>"))
    proxy.say("sagemaker:ListClusterNodes", "ValidationException", "one more thing is wrong")
    return watched


@pytest.mark.scorecard(5, 6)
@pytest.mark.parametrize("output", ["json", "jsonl"])
@pytest.mark.parametrize("code", FAILURES)
def test_an_error_is_an_object_on_stderr(code: str, output: str, failing: Hpctl) -> None:
    wanted = next(int(member) for member in ExitCode if member.name == _MEMBERS[code])
    told = failing(*FAILURES[code], "-o", output, ends=wanted)
    document = json.loads(told.err.splitlines()[-1])
    assert (document["schema_version"], document["kind"]) == ("hpctl/v1", "Error")
    error = document["error"]
    assert {"code", "exit_code", "message", "hint"} <= error.keys()
    assert (error["code"], error["exit_code"], type(error["message"])) == (code, wanted, str)
    if code == "checks_failed":
        assert json.loads(told.out)["kind"] == "Checks"
    else:
        assert (told.out, len(told.err.splitlines())) == ("", 1)


_MEMBERS = {
    "invalid_spec": "USAGE",
    "usage": "USAGE",
    "not_found": "NOT_FOUND",
    "access_denied": "ACCESS",
    "unavailable": "UNAVAILABLE",
    "conflict": "CONFLICT",
    "unconfirmed": "UNCONFIRMED",
    "refused": "CHECKS_FAILED",
    "checks_failed": "CHECKS_FAILED",
}


def test_a_query_is_answered_by_what_has_a_form_of_its_own_for_people(hpctl: Hpctl) -> None:
    told = hpctl("sandbox", "status", "--name", "cli", "--query", "[name]")
    assert (told.out, told.err) == ("cli\n", "")


def test_a_query_is_answered_where_a_plan_is_refused(failing: Hpctl) -> None:
    told = failing("cluster", "create", "-f", "split.yaml", "--yes", "--query", "kind", ends=ExitCode.CHECKS_FAILED)
    assert told.out == "Plan\n"


@pytest.mark.scorecard(34)
def test_an_invalid_spec_tells_every_problem_with_its_place(failing: Hpctl) -> None:
    told = failing("cluster", "plan", "-f", "wrong.yaml", "-o", "json", ends=ExitCode.USAGE)
    problems = {problem["path"]: problem for problem in told.error()["problems"]}
    assert problems.keys() == {"colour", "node_recovery"}
    assert all(problem["file"] == "wrong.yaml" and problem["line"] > 0 for problem in problems.values())
    text = failing("cluster", "plan", "-f", "wrong.yaml", ends=ExitCode.USAGE).err
    for problem in problems.values():
        assert f"wrong.yaml:{problem['line']}:{problem['column']}: {problem['path']}: {problem['message']}" in text
    assert text.startswith("error: `wrong.yaml` is not a valid cluster spec: 2 problems\n")


def test_an_access_error_names_the_action_for_machines(failing: Hpctl) -> None:
    told = failing("cluster", "list", "-o", "json", ends=ExitCode.ACCESS)
    assert told.error()["action"] == "sagemaker:ListClusters"


def test_every_call_is_logged_beside_the_answer_when_asked(hpctl: Hpctl, cpu_cluster: str) -> None:
    told = hpctl("cluster", "describe", cpu_cluster, "-o", "json", "-v")
    assert told.json()["cluster"]["name"] == cpu_cluster
    assert "sagemaker:DescribeCluster" in told.err
    assert cpu_cluster not in told.err
