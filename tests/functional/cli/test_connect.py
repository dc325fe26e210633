"""`cluster connect`: real kubectl reaches the cluster, and no kubeconfig ever loses anything."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hpctl.errors import ExitCode
from tests.conftest import present
from tests.functional.cli.command import Hpctl
from tests.functional.cli.conftest import Sandbox
from tests.functional.cli.shapes import broken_promises, promised, reports
from tests.functional.kubectl.command import EXECUTABLE

CONTEXT = "hpctl:123456789012:us-west-2:reached"
AT_ONCE = 32


@pytest.fixture(scope="session")
def reached(sandbox: Sandbox) -> str:
    """A cluster on EKS that is in service all the while."""
    seed = sandbox.account.seed
    sandbox.account.create(
        "reached",
        Orchestrator={"Eks": {"ClusterArn": seed["EKS_CLUSTER_ARN"]}},
        VpcConfig={"SecurityGroupIds": [seed["SECURITY_GROUP"]], "Subnets": [seed["SUBNET_ID"]]},
    )
    sandbox.account.settle("reached")
    return "reached"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "kube" / "config"


@pytest.fixture
def here(hpctl: Hpctl, config: Path, reached: str) -> Hpctl:
    """The command with a kubeconfig of the test's own, and a cluster to connect to."""
    return hpctl.with_env(KUBECONFIG=str(config))


def kubectl(config: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run kubectl in an environment that knows nothing of AWS."""
    known = {"HOME": str(config.parent), "KUBECONFIG": str(config), "PATH": os.environ["PATH"], **env}
    program = present(EXECUTABLE, "kubectl", "run `make test`")
    return subprocess.run([program, *words], env=known, capture_output=True, encoding="utf-8", timeout=50, check=False)


def contexts(config: Path) -> set[str]:
    return {item["name"] for item in YAML(typ="safe").load(config)["contexts"]}


def test_kubectl_reaches_the_cluster_from_any_shell(here: Hpctl, config: Path) -> None:
    told = here("cluster", "connect", "reached")
    assert told.out == (
        f"context `{CONTEXT}` of `{config}` reaches cluster `reached`\n"
        "it is the current context\n\nnext:\n  kubectl get nodes\n  hpctl cluster check reached\n"
    )
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    asked = kubectl(config, "get", "namespaces", "-o", "name")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "namespace/kube-system" in asked.stdout.splitlines()


def test_keys_of_another_shell_do_not_come_in_between(here: Hpctl, config: Path) -> None:
    here("cluster", "connect", "reached")
    foreign = {"AWS_ACCESS_KEY_ID": "AKIAFOREIGN000000000", "AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": "nobody"}
    assert kubectl(config, "auth", "can-i", "list", "nodes", **foreign).stdout == "yes\n"


def test_the_python_client_reaches_it_too(here: Hpctl, config: Path) -> None:
    from kubernetes import client
    from kubernetes.config import new_client_from_config

    here("cluster", "connect", "reached")
    connect: Any = new_client_from_config
    with connect(str(config), context=CONTEXT) as api:
        found: Any = client.CoreV1Api(api).list_namespace()
    assert "kube-system" in {one.metadata.name for one in found.items}


def test_what_is_there_stays_and_stays_current(here: Hpctl, config: Path) -> None:
    assert kubectl(config, "config", "set-context", "mine", "--cluster", "c").returncode == 0
    assert kubectl(config, "config", "use-context", "mine").returncode == 0
    told = here("cluster", "connect", "reached", "-n", "team")
    assert "the current context stays `mine`" in told.out
    assert f"  kubectl --context {CONTEXT} get nodes" in told.out
    assert contexts(config) == {"mine", CONTEXT}
    assert kubectl(config, "config", "current-context").stdout == "mine\n"
    view = kubectl(config, "config", "view", "--minify", "--context", CONTEXT, "-o", "jsonpath={..namespace}")
    assert view.stdout == "team"


def test_a_second_time_there_is_nothing_to_do(here: Hpctl, config: Path) -> None:
    here("cluster", "connect", "reached")
    before = config.stat()
    told = here("cluster", "connect", "reached")
    assert "already: nothing to do" in told.out
    assert config.stat() == before


def test_after_kubectl_has_rewritten_the_file_there_is_still_nothing_to_do(here: Hpctl, config: Path) -> None:
    here("cluster", "connect", "reached")
    assert kubectl(config, "config", "set-context", "mine", "--cluster", "c").returncode == 0
    assert here("cluster", "connect", "reached", "-o", "json").json()["result"] == "unchanged"


def test_a_dry_run_says_what_it_would_do_and_does_nothing(here: Hpctl, config: Path) -> None:
    told = here("cluster", "connect", "reached", "--dry-run")
    assert f"would come into `{config}`: cluster, user, context, current-context" in told.out
    assert not config.parent.exists()


def test_the_report_keeps_its_promises(here: Hpctl, config: Path) -> None:
    answer = here("cluster", "connect", "reached", "--context", "mine", "-o", "json").json()
    assert broken_promises(answer, promised(reports()["Connection"])) == []
    assert (answer["context"], answer["result"], answer["kubeconfig"]) == ("mine", "connected", str(config))
    assert answer["entries"]["user"]["user"]["exec"]["args"][:3] == ["eks-token", "--cluster-name", "hpctl-sandbox-api"]
    assert here("cluster", "connect", "reached", "--context", "mine", "-o", "name").out == "mine\n"


def test_no_key_ever_stands_in_a_kubeconfig(here: Hpctl, config: Path, sandbox: Sandbox) -> None:
    keys = {
        "AWS_ACCESS_KEY_ID": "AKIAPLANTED000000000",
        "AWS_SECRET_ACCESS_KEY": "planted",
        "AWS_SESSION_TOKEN": "tok3n",
    }
    told = here.with_env(**keys)("cluster", "connect", "reached", ends=ExitCode.OK)
    assert "the kubeconfig keeps no keys" in told.err
    assert not [secret for secret in keys.values() if secret in config.read_text()]
    assert "--profile" not in config.read_text()


def test_slurm_has_nothing_to_connect_to(here: Hpctl, cpu_cluster: str, config: Path) -> None:
    told = here("cluster", "connect", cpu_cluster, ends=ExitCode.USAGE)
    assert "is orchestrated by Slurm, which has no Kubernetes API" in told.err
    assert f"hint: look at its nodes: hpctl node list --cluster {cpu_cluster}" in told.err
    assert not config.exists()


def test_a_cluster_that_is_not_there_is_not_found(here: Hpctl) -> None:
    here("cluster", "connect", "nobody", ends=ExitCode.NOT_FOUND)


def test_somebody_elses_context_is_left_alone(here: Hpctl, config: Path) -> None:
    kubectl(config, "config", "set-context", "prod", "--cluster", "c", "--user", "u")
    before = config.read_text()
    told = here("cluster", "connect", "reached", "--context", "prod", "-o", "json", ends=ExitCode.CONFLICT)
    assert told.error()["message"] == f"the kubeconfig `{config}` has a context `prod` that is not hpctl's"
    assert config.read_text() == before


def test_a_broken_kubeconfig_is_told_with_its_place(here: Hpctl, config: Path) -> None:
    config.parent.mkdir()
    config.write_text("apiVersion: v1\nusers: [\n")
    told = here("cluster", "connect", "reached", ends=ExitCode.USAGE)
    assert f"{config}:3:1" in told.err
    assert config.read_text() == "apiVersion: v1\nusers: [\n"


def test_a_stale_lock_is_told_and_left(here: Hpctl, config: Path) -> None:
    config.parent.mkdir()
    lock = config.with_name("config.lock")
    child = subprocess.Popen(["true"])
    child.wait()
    lock.write_text(json.dumps({"pid": child.pid, "host": os.uname().nodename, "since": "2026-01-01T00:00:00+00:00"}))
    told = here("cluster", "connect", "reached", ends=ExitCode.CONFLICT)
    assert "is locked by a process that is gone" in told.err
    assert f"rm {lock}" in told.err
    assert lock.exists()


def test_a_file_that_others_could_read_is_closed_and_told(here: Hpctl, config: Path) -> None:
    config.parent.mkdir()
    config.write_text("")
    config.chmod(0o644)
    told = here("cluster", "connect", "reached")
    assert f"note: others can read the kubeconfig `{config}` (mode 0644): 0600 from now on" in told.err
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_a_full_disk_leaves_what_was_there(here: Hpctl, config: Path) -> None:
    """A limit on the size of files stands for the disk: 1 KiB is less than the new file has."""
    config.parent.mkdir()
    config.write_text("apiVersion: v1\n")
    line = "trap '' XFSZ; ulimit -f 1; exec hpctl cluster connect reached"
    env = {**here.env, "PATH": f"{EXECUTABLE.parent}:{os.environ['PATH']}"}
    ran = subprocess.run(["bash", "-c", line], env=env, capture_output=True, encoding="utf-8", timeout=50, check=False)
    assert ran.returncode == ExitCode.USAGE, ran.stderr
    assert f"the kubeconfig `{config}` cannot be written: File too large" in ran.stderr
    assert config.read_text() == "apiVersion: v1\n"
    assert [one.name for one in config.parent.iterdir()] == ["config"]


@contextmanager
def racing_kubectl(config: Path) -> Iterator[list[str]]:
    """Let kubectl set one context after another beside the block; yields those that it says it has set."""
    done, stop = config.parent / "done", config.parent / "stop"
    line = (
        f"i=0; while [ ! -e {stop} ]; do i=$((i+1)); "
        f"{EXECUTABLE} config set-context kubectl-$i --cluster=c >/dev/null 2>&1 && echo kubectl-$i >> {done}; "
        "sleep 0.05; done"
    )
    present(EXECUTABLE, "kubectl", "run `make test`")
    config.parent.mkdir()
    done.touch()
    loop = subprocess.Popen(["bash", "-c", line], env={"KUBECONFIG": str(config), "PATH": os.environ["PATH"]})
    kept: list[str] = []
    try:
        yield kept
    finally:
        stop.touch()
        loop.wait(timeout=90)
        kept += done.read_text().split()


@pytest.mark.scorecard(50)
@pytest.mark.slow
@pytest.mark.timeout(300)  # 32 commands on a machine that may be busy
def test_of_many_at_once_beside_kubectl_nothing_is_lost(here: Hpctl, config: Path) -> None:
    names = [f"context-{number}" for number in range(AT_ONCE)]
    with racing_kubectl(config) as kept:
        running = [here.start("cluster", "connect", "reached", "--context", name) for name in names]
        ends = [(one.communicate(), one.returncode) for one in running]
    assert [end for end in ends if end[1] != ExitCode.OK] == []
    assert set(names) <= contexts(config)
    assert set(kept) <= contexts(config)
    assert kept
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert not config.with_name("config.lock").exists()


# Tokens


def test_a_token_is_what_kubectl_expects(hpctl: Hpctl, reached: str) -> None:
    words = ("eks-token", "--cluster-name", "hpctl-sandbox-api")
    info = json.dumps({"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "spec": {}})
    plain = hpctl(*words).json()
    assert plain["apiVersion"] == "client.authentication.k8s.io/v1"
    assert plain["status"]["token"].startswith("k8s-aws-v1.")
    older = hpctl.with_env(KUBERNETES_EXEC_INFO=info)(*words, "--region", "us-west-2").json()
    assert older["apiVersion"] == "client.authentication.k8s.io/v1beta1"


@pytest.mark.parametrize("words", [("eks-token",), ("eks-token", "--cluster-name"), ("eks-token", "--colour", "blue")])
def test_a_token_for_nobody_is_a_wrong_usage(words: tuple[str, ...], hpctl: Hpctl) -> None:
    assert hpctl(*words, ends=ExitCode.USAGE).out == ""


def test_without_credentials_there_is_no_token(hpctl: Hpctl, tmp_path: Path) -> None:
    nobody = hpctl.with_env(AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "none"), AWS_CONFIG_FILE=str(tmp_path / "none"))
    told = nobody("eks-token", "--cluster-name", "a", "--region", "us-west-2", ends=ExitCode.ACCESS)
    assert (told.out, "no valid credentials" in told.err) == ("", True)


def test_a_profile_that_is_not_there_is_named(hpctl: Hpctl) -> None:
    words = ("eks-token", "--cluster-name", "a", "--region", "us-west-2", "--profile", "nobody")
    assert "there is no AWS profile `nobody`" in hpctl(*words, ends=ExitCode.USAGE).err


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)]
)
def test_whoever_loses_patience_with_a_slow_profile_sees_no_traceback(
    number: int, code: ExitCode, hpctl: Hpctl, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    config = tmp_path / "aws-config"
    config.write_text(f"[profile slow]\ncredential_process = sh -c 'touch {begun}; exec sleep 30'\n")
    words = ("eks-token", "--cluster-name", "a", "--region", "us-west-2", "--profile", "slow")
    running = hpctl.with_env(AWS_CONFIG_FILE=str(config)).start(*words)
    until = time.monotonic() + 30
    while not begun.exists() and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(number)
    out, err = running.communicate(timeout=90)
    assert (running.returncode, out, "Traceback" in err) == (code, "", False)


# Checks


def test_a_live_cluster_is_judged(here: Hpctl) -> None:
    report = here("cluster", "check", "reached", "-o", "json").json()
    assert (report["kind"], report["subject"]) == ("Checks", "cluster/reached")
    ended = {result["id"]: result["outcome"] for result in report["results"]}
    assert set(ended) >= {"kube-token", "kube-access-entry", "kube-permissions-jobs", "kube-device-plugins"}
    assert {name: end for name, end in ended.items() if end != "pass"} == {}


def test_whoever_has_no_access_entry_is_told_how_to_get_one(here: Hpctl, sandbox: Sandbox) -> None:
    stranger = _user(sandbox, "stranger")
    told = here.with_env(**stranger)("cluster", "check", "reached", ends=ExitCode.CHECKS_FAILED)
    arn = "arn:aws:iam::123456789012:user/stranger"
    assert f"Kubernetes does not accept the token of `{arn}`" in " ".join(told.out.split())
    assert (
        f"aws eks create-access-entry --region us-west-2 --cluster-name hpctl-sandbox-api --principal-arn {arn}"
        in told.out
    )
    assert "could not look" not in told.out


def test_whoever_may_only_look_is_told_what_is_missing(here: Hpctl, sandbox: Sandbox) -> None:
    looker = _user(sandbox, "looker")
    arn, eks = "arn:aws:iam::123456789012:user/looker", sandbox.account.client("eks")
    eks.create_access_entry(clusterName="hpctl-sandbox-api", principalArn=arn)
    eks.associate_access_policy(
        clusterName="hpctl-sandbox-api",
        principalArn=arn,
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy",
        accessScope={"type": "cluster"},
    )
    words = ("cluster", "check", "reached", "-n", "team", "-o", "json")
    report = here.with_env(**looker)(*words, ends=ExitCode.CHECKS_FAILED).json()
    ended = {result["id"]: result for result in report["results"]}
    assert (ended["kube-token"]["outcome"], ended["kube-access-entry"]["outcome"]) == ("pass", "pass")
    messages = [found["message"] for found in ended["kube-permissions-jobs"]["findings"]]
    assert "the caller may not create `pods` in namespace `team`" in messages
    assert "the caller may not list `nodes`" not in messages
    assert ended["kube-permissions-pods"]["outcome"] == "warn"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give one of a live cluster (`NAME`) and a spec (`-f FILE`)"),
        (("a", "-f", "b"), "give one of a live cluster (`NAME`) and a spec (`-f FILE`)"),
        (("a", "--set", "B=c"), "--set is about a spec"),
        (("-f", "b", "-n", "team"), "--namespace is about a live cluster"),
    ],
)
def test_one_thing_is_judged_at_a_time(words: tuple[str, ...], message: str, hpctl: Hpctl) -> None:
    assert message in hpctl("cluster", "check", *words, ends=ExitCode.USAGE).err


def test_a_cluster_on_slurm_has_no_kubernetes_to_judge(hpctl: Hpctl, cpu_cluster: str) -> None:
    report = hpctl("cluster", "check", cpu_cluster, "-o", "json").json()
    assert {result["id"].partition("-")[0] for result in report["results"]} == {"live"}


def _user(sandbox: Sandbox, name: str) -> dict[str, str]:
    iam: Any = sandbox.account.client("iam")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
