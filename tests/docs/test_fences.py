"""Blocks that no test runs are few, specs in the pages are specs, and links lead somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hpctl.spec.job_load import load_job
from hpctl.spec.job_wish import JobNotation
from hpctl.spec.load import load_cluster
from hpctl.spec.source import TextSource
from tests.docs.pages import Fence, Page, other_pages, pages

NOT_RUN = frozenset(
    {
        "make demo",
        "make test",
        "pip install '.[sandbox]'",
        "sudo apt-get install --no-install-recommends slurmctld slurmd slurm-client munge",
        "sudo apt-get install --no-install-recommends gcc libslurm-dev",
    }
)
"""What a `sh` block may say: set-up, which changes the reader's machine, and what other tests run."""

LANGUAGES = {"bash", "console", "json", "python", "sh", "text", "yaml"}
ENV = {
    "BUCKET_NAME": "sagemaker-a-bucket",
    "CONFIG_MAP_CLUSTER_ARN": "arn:aws:eks:us-west-2:123456789012:cluster/old",
    "EKS_CLUSTER_ARN": "arn:aws:eks:us-west-2:123456789012:cluster/training",
    "EXECUTION_ROLE": "arn:aws:iam::123456789012:role/nodes",
    "OTHER_SUBNET_ID": "subnet-0123456789abcdef1",
    "SECURITY_GROUP": "sg-0123456789abcdef0",
    "SUBNET_ID": "subnet-0123456789abcdef0",
}
FENCES = [pytest.param(page, fence, id=f"{page}:{fence.line}") for page in pages() for fence in page.fences]


@pytest.mark.parametrize(("page", "fence"), FENCES)
def test_a_block_is_one_that_is_run_or_one_that_may_not_be(page: Page, fence: Fence) -> None:
    assert fence.language in LANGUAGES
    lines = {line.partition("  #")[0].rstrip() for line in fence.text.splitlines()}
    if fence.language == "sh":
        assert lines - {""} <= NOT_RUN
    elif fence.language == "text":
        assert page.name.startswith("docs/reference/") or not re.search(r"^(\$ |hpctl )", fence.text, re.MULTILINE)
    elif fence.language == "console":
        assert fence.text.startswith("$ "), "a console block begins with a command"
    elif fence.language in ("bash", "python"):
        assert fence.file, "a program is saved to a file and run by a console block"


@pytest.mark.parametrize(("page", "fence"), FENCES)
def test_a_spec_in_a_page_loads(page: Page, fence: Fence) -> None:
    if fence.language == "json":
        assert all(json.loads(text) for text in _documents(fence.text))
    if fence.language == "yaml":
        assert YAML(typ="safe").load(fence.text)
    if re.search(r'^api_version: hpctl|"ClusterName"', fence.text, re.MULTILINE) and fence.language in ("json", "yaml"):
        name = f"{page.name}:{fence.line}"
        source = TextSource(name, fence.text)
        if "kind: Job" in fence.text.splitlines():
            assert load_job(source, env=ENV).notation is JobNotation.HPCTL
        else:
            assert load_cluster(source, env=ENV).spec.name


def _documents(text: str) -> list[str]:
    """One document, or one a line."""
    return text.splitlines() if text.startswith('{"') else [text]


def headings(text: str) -> set[str]:
    """Return the anchors of a page."""
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def broken_links(page: Page, root: Path) -> list[str]:
    """Return the links of a page that lead nowhere in the project."""
    text = re.sub(r"^```.*?^```$|`[^`\n]+`", "", page.text, flags=re.MULTILINE | re.DOTALL)
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        target = (root / page.name).parent / path if path else root / page.name
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in headings(target.read_text(encoding="utf-8"))):
            found.append(link)
    return found


@pytest.mark.parametrize("page", [*pages(), *other_pages()], ids=str)
def test_every_link_leads_somewhere(page: Page, repository: Path) -> None:
    assert broken_links(page, repository) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    text = "# One\n`[x](y)` [a](b.md) [c](#one) [d](#two) [e](https://example.com)\n"
    (tmp_path / "a.md").write_text(text)
    assert broken_links(Page("a.md", text), tmp_path) == ["b.md", "#two"]


def test_every_page_that_a_message_names_is_there(repository: Path) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (repository / "src" / "hpctl").rglob("*.py")]
    named = {name for text in sources for name in re.findall(r"\bdocs/[\w/-]+\.md\b", text)}
    assert "docs/troubleshooting.md" in named
    assert [name for name in sorted(named) if not (repository / name).is_file()] == []


def test_every_page_can_be_reached_from_the_index(repository: Path) -> None:
    docs = (repository / "docs").resolve()
    reached, ahead = set[Path](), {docs / "index.md"}
    while ahead:
        page = ahead.pop()
        reached.add(page)
        linked = re.findall(r"\]\(([^)\s#:]+\.md)", page.read_text(encoding="utf-8"))
        ahead |= {(page.parent / link).resolve() for link in linked} - reached
    assert sorted(set(docs.rglob("*.md")) - reached) == []
