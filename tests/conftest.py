"""One environment for all tests: no real account, no real home, one pinned screen."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from functools import cache, partial
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest

from tests import longest_first
from tests.calls_made import pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary", "pytest_testnodedown"]

REPOSITORY = Path(__file__).resolve().parents[1]
PINNED = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "COLUMNS": "80",
    "LC_ALL": "C.UTF-8",
    "LINES": "24",
    "NO_COLOR": "1",
    "TERM": "xterm-256color",
    "TZ": "UTC",
}
FORGOTTEN_PREFIXES = ("AWS_", "HPCTL_", "KUBE")
FORGOTTEN = ("CLICOLOR_FORCE", "FORCE_COLOR", "GITHUB_ACTIONS")


def pytest_configure(config: pytest.Config) -> None:
    """Cut the session off from the person who runs it: a test can reach neither their keys nor their files."""
    config.pluginmanager.register(longest_first)
    home = Path(tempfile.mkdtemp(prefix="hpctl-tests-"))
    config.add_cleanup(partial(shutil.rmtree, home, ignore_errors=True))
    for name in list(os.environ):
        if name in FORGOTTEN or (name.startswith(FORGOTTEN_PREFIXES) and not name.startswith("HPCTL_TEST_")):
            del os.environ[name]
    os.environ.update(PINNED, **_private_folders(home))
    # A shell without job control lets what it starts in the background ignore it, and so would every command here.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Each session of botocore's would read the service models anew: a second for a handful of clients.
    botocore.session.create_loader = cache(botocore.loaders.create_loader)


def _private_folders(home: Path) -> dict[str, str]:
    return {
        "AWS_CONFIG_FILE": str(home / "no-aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "no-aws-credentials"),
        "HOME": str(home),
        "KUBECONFIG": str(home / "no-kubeconfig"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
    }


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what is collected out of the garbage collector's sight: thousands of tests stay to the end anyway."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the folder they stand in, so that `-m functional` needs no line in each file."""
    for item in items:
        if (room := _room(item.path)) in {"contract", "functional"}:
            item.add_marker(room)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that stands in the scorecard fails where it is skipped: the page says that it proves something."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and item.get_closest_marker("scorecard"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} proves a row of docs/scorecard.md and was skipped: {report.longrepr}"
    return report


@cache
def _room(path: Path) -> str:
    """The folder of `tests` that a file stands in."""
    return path.relative_to(REPOSITORY / "tests").parts[0]


def present(path: Path, what: str, remedy: str) -> Path:
    """Return `path`; where it is missing, fail in CI (`CI=true`) and elsewhere skip with the remedy.

    A CI that cannot have something says so: `HPCTL_TEST_WITHOUT` names it.
    """
    if path.exists():
        return path
    reason = f"{what} is not at {path}: {remedy}"
    if os.environ.get("CI") == "true" and what not in os.environ.get("HPCTL_TEST_WITHOUT", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the project."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """Facts and schemas of others that stand beside the project and are not copied into it."""
    return present(REPOSITORY.parent / "shared", "reference data", "put it beside the project")


@pytest.fixture(scope="session")
def aws_cli() -> Path:
    """The real `aws` command, in an environment of its own."""
    default = REPOSITORY / ".venv-aws" / "bin" / "aws"
    return present(Path(os.environ.get("HPCTL_TEST_AWS", default)), "the AWS CLI", "run `make .venv-aws`")
