"""The checks of this machine and of the credentials, which judge no spec."""

from __future__ import annotations

import pytest

from hpctl.checks.catalogue import CHECKS, CLUSTER_CHECKS
from hpctl.checks.engine import run_checks, with_needs
from hpctl.errors import AccessError, HpctlError, UnavailableError, UsageError
from hpctl.facts.endpoints import Endpoint, Obstacle
from hpctl.facts.records import Machine, Role
from hpctl.facts.world import World
from hpctl.report.check import CheckResult, Finding
from hpctl.terms import Orchestrator, Outcome
from tests.unit.builders import a_finding, a_role, a_spec, an_identity
from tests.unit.fakes import FakeAccount

MACHINE = Machine(python="3.12.1", botocore="1.44.5")
MACHINE_CHECKS = tuple(one for one in CHECKS if one.target is Machine)


def judge(check_id: str, machine: Machine = MACHINE, world: World | None = None) -> CheckResult:
    results = run_checks(with_needs([check_id], CHECKS), (machine,), world or FakeAccount().world).results
    (result,) = (one for one in results if one.id == check_id)
    return result


def test_a_healthy_machine_passes_every_check_of_it() -> None:
    report = run_checks(CHECKS, (MACHINE,), FakeAccount().world)
    assert [one.id for one in report.results] == [one.id for one in MACHINE_CHECKS]
    assert {one.outcome for one in report.results} == {Outcome.PASS}
    assert report.subject == "this machine"


def test_the_checks_of_a_machine_are_none_of_a_spec() -> None:
    assert {one.id for one in MACHINE_CHECKS} == {
        "tools-python-version",
        "tools-botocore-version",
        "tools-clock",
        "tools-endpoint-reachable",
        "identity-credentials",
        "identity-expiry",
        "identity-role-arn",
    }
    assert not set(MACHINE_CHECKS) & set(CLUSTER_CHECKS)


@pytest.mark.parametrize(
    ("version", "outcome", "findings"),
    [
        ("3.11.0", Outcome.PASS, ()),
        ("3.13.7", Outcome.PASS, ()),
        ("3.14.0rc1", Outcome.PASS, (a_finding("note", "Python", "3.14.0rc1 is newer than hpctl is tested with"),)),
        (
            "3.10.18",
            Outcome.FAIL,
            (
                a_finding(
                    "fail",
                    "Python",
                    "3.10.18 is too old",
                    "needed: 3.11 or newer",
                    remedy="install Python 3.11 or newer, and hpctl into it",
                ),
            ),
        ),
    ],
)
def test_python(version: str, outcome: Outcome, findings: tuple[Finding, ...]) -> None:
    result = judge("tools-python-version", Machine(version, "1.44.5"))
    assert (result.outcome, result.findings) == (outcome, findings)


@pytest.mark.parametrize(("version", "outcome"), [("1.44.0", "pass"), ("2.0.1", "pass"), ("1.43.99", "fail")])
def test_botocore(version: str, outcome: str) -> None:
    result = judge("tools-botocore-version", Machine("3.12.1", version))
    assert result.outcome == outcome
    remedies = [found.remedy for found in result.findings]
    assert remedies == (["pip install --upgrade 'boto3>=1.44'"] if outcome == "fail" else [])


@pytest.mark.parametrize(
    ("skew_s", "message"),
    [(300.0, None), (-300.0, None), (301.0, "is 5 minutes ahead of AWS's"), (-3600.0, "is 60 minutes behind AWS's")],
)
def test_the_clock(skew_s: float, message: str | None) -> None:
    account = FakeAccount()
    account.caller.skew_s = skew_s
    result = judge("tools-clock", world=account.world)
    assert result.outcome is (Outcome.FAIL if message else Outcome.PASS)
    assert [found.message for found in result.findings] == ([message] if message else [])


def test_an_endpoint_that_cannot_be_reached() -> None:
    account = FakeAccount()
    host = "api.sagemaker.us-west-2.amazonaws.com"
    account.endpoints.known.append(Endpoint(host, ("iam", "sts"), Obstacle.CERTIFICATE, "self-signed", "proxy:3128"))
    result = judge("tools-endpoint-reachable", world=account.world)
    expected = a_finding(
        "warn",
        f"endpoint/{host}",
        "shows a certificate that this machine does not trust",
        "asked there: iam, sts",
        "proxy: proxy:3128",
        "self-signed",
        remedy="name the file with the certificates of the proxy in between\n"
        "export AWS_CA_BUNDLE=/PATH/TO/COMPANY-CA.pem",
    )
    assert (result.outcome, result.findings) == (Outcome.WARN, (expected,))


@pytest.mark.parametrize("obstacle", Obstacle)
def test_every_obstacle_has_a_way_round_it(obstacle: Obstacle) -> None:
    account = FakeAccount()
    account.endpoints.known = [Endpoint("x.amazonaws.com", ("ec2",), obstacle)]
    (finding,) = judge("tools-endpoint-reachable", world=account.world).findings
    assert finding.message == obstacle.value
    assert finding.evidence == ("asked there: ec2", "proxy: none")
    assert finding.remedy is not None
    assert "{" not in finding.remedy


def test_endpoints_that_nobody_could_try_are_unknown_and_stop_nothing() -> None:
    account = FakeAccount()
    account.calls.fail_always("endpoints.tried", UnavailableError("no"))
    result = judge("tools-endpoint-reachable", world=account.world)
    assert (result.outcome, result.blocking) == (Outcome.UNKNOWN, False)


def test_a_clock_that_cannot_be_compared_is_unknown_and_stops_nothing() -> None:
    account = FakeAccount()
    account.calls.fail_always("caller.clock_skew_s", UnavailableError("no answer"))
    result = judge("tools-clock", world=account.world)
    assert (result.outcome, result.blocking) == (Outcome.UNKNOWN, False)


def test_valid_credentials_are_told() -> None:
    result = judge("identity-credentials")
    said = "`arn:aws:sts::123456789012:assumed-role/Admin/ada` in `us-west-2`"
    assert (result.outcome, result.findings) == (Outcome.PASS, (a_finding("note", "credentials", said),))


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (AccessError("the token has expired", hint="run `aws sso login`"), "run `aws sso login`"),
        (AccessError("the token has expired"), "log in again, or choose other credentials (`--profile`)"),
        (UsageError("the token has expired", hint="pass `--region`"), "pass `--region`"),
    ],
)
def test_credentials_that_do_not_work_fail(error: HpctlError, remedy: str) -> None:
    result = judge("identity-credentials", world=World(error))
    finding = a_finding("fail", "credentials", "the token has expired", remedy=remedy)
    assert (result.outcome, result.findings) == (Outcome.FAIL, (finding,))


def test_credentials_that_nobody_could_ask_about_are_unknown() -> None:
    result = judge("identity-credentials", world=World(UnavailableError("no network")))
    assert (result.outcome, result.blocking) == (Outcome.UNKNOWN, True)


def test_the_role_behind_a_session_is_told_with_its_path() -> None:
    account = FakeAccount()
    path = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Admin"
    account.holding(a_role("Admin", arn=path))
    said = f"the role behind them is `{path}`: access entries name it so, path and all"
    result = judge("identity-role-arn", world=account.world)
    assert (result.outcome, result.findings) == (Outcome.PASS, (a_finding("note", "credentials", said),))


@pytest.mark.parametrize(
    ("arn", "role"),
    [
        ("arn:aws:iam::123456789012:user/ada", a_role("ada", arn="arn:aws:iam::123456789012:role/x/ada")),
        ("arn:aws:sts::123456789012:assumed-role/Admin/ada", a_role("Admin")),
        ("arn:aws:sts::123456789012:assumed-role/Admin/ada", a_role("another")),
    ],
)
def test_nothing_is_told_where_the_session_says_it_all(arn: str, role: Role) -> None:
    account = FakeAccount().holding(role)
    account.caller.who = an_identity(arn=arn)
    result = judge("identity-role-arn", world=account.world)
    assert (result.outcome, result.findings) == (Outcome.PASS, ())


def test_a_role_that_may_not_be_looked_at_is_unknown_and_stops_nothing() -> None:
    account = FakeAccount()
    account.calls.fail_always("iam.role", AccessError("no", action="iam:GetRole"))
    result = judge("identity-role-arn", world=account.world)
    assert (result.outcome, result.blocking) == (Outcome.UNKNOWN, False)


@pytest.mark.parametrize(
    ("left_s", "message"),
    [
        (None, None),
        (1800.0, None),
        (1799.0, "end in 29 minutes"),
        (59.0, "end in 0 minutes"),
        (-5.0, "end in 0 minutes"),
    ],
)
def test_credentials_that_end_soon(left_s: float | None, message: str | None) -> None:
    account = FakeAccount()
    account.caller.left_s = left_s
    result = judge("identity-expiry", world=account.world)
    assert result.outcome is (Outcome.WARN if message else Outcome.PASS)
    assert [found.message for found in result.findings] == ([message] if message else [])


def test_a_machine_and_a_spec_are_judged_in_one_run() -> None:
    report = run_checks(CHECKS, (MACHINE, a_spec()), FakeAccount().world)
    ours = [one for one in CHECKS if one in (*MACHINE_CHECKS, *CLUSTER_CHECKS)]
    judged = [one.id for one in ours if one.only_on is not Orchestrator.SLURM]
    assert [one.id for one in report.results] == judged
    assert report.subject == "cluster/ml-cluster"
