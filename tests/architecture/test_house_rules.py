"""Every module keeps the house rules, and each rule can tell when one does not."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import pytest

from tests.architecture import rules
from tests.architecture.source import Module, modules

BROKEN = {
    rules.speaks_only_in_render: [
        ("hpctl/services/x.py", "print('hello')", "`print` outside render/"),
        ("hpctl/services/x.py", "import sys\nsys.stdout.write('hello')", "`sys.stdout` outside render/"),
        ("hpctl/cli/commands/x.py", "import typer\ntyper.echo('hello')", "`typer.echo` outside render/"),
    ],
    rules.catches_by_name: [
        ("hpctl/services/x.py", "try:\n    f()\nexcept:\n    pass", ":3: catches everything"),
        ("hpctl/adapters/x.py", "try:\n    f()\nexcept Exception:\n    pass", ":3: catches everything"),
        ("hpctl/adapters/x.py", "try:\n    f()\nexcept (OSError, BaseException):\n    pass", "catches everything"),
    ],
    rules.stays_small: [
        ("hpctl/spec/x.py", "x = 1\n" * 401, "401 lines, above 400"),
        ("hpctl/spec/x.py", "def long():\n" + "    x = 1\n" * 60, "`long` has 61 lines, above 60"),
    ],
    rules.explains_itself: [
        ("hpctl/spec/x.py", "x = 1", ":1: no docstring"),
        ("hpctl/spec/x.py", "'''Doc.'''\ndef f(): ...", "`f` has no docstring"),
        ("hpctl/spec/x.py", "'''Doc.'''\nclass A:\n    '''Doc.'''\n    def f(self): ...", "`A.f` has no docstring"),
    ],
    rules.has_a_real_name: [
        ("hpctl/spec/utils.py", "", "`utils` says nothing"),
        ("hpctl/spec/x.py", "class ClusterManager: ...", "`ClusterManager` says nothing"),
    ],
    rules.has_no_test_hook: [
        ("hpctl/plan/x.py", "import os\nos.environ.get('HPCTL_SANDBOX_HOME')", "knows `HPCTL_SANDBOX_HOME`"),
    ],
    rules.starts_no_shell: [
        ("hpctl/adapters/x.py", "subprocess.run(line, shell=True)", ":1: starts a shell"),
        ("hpctl/adapters/x.py", "subprocess.run(line, shell=is_text)", ":1: starts a shell"),
        ("hpctl/adapters/x.py", "import os\nos.system(line)", "`os.system` starts a shell"),
    ],
}


@pytest.mark.scorecard(52)
@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_every_module_keeps_the_rule(rule: rules.Rule) -> None:
    assert [found for module in modules() for found in rule(module)] == []


def test_modules_of_every_depth_are_looked_at() -> None:
    assert {"hpctl/errors.py", "hpctl/cli/main.py", "hpctl/sandbox/kube/wire.py"} < {one.path for one in modules()}


def _broken() -> Iterator[tuple[rules.Rule, str, str, str]]:
    for rule, cases in BROKEN.items():
        for path, text, complaint in cases:
            yield rule, path, text, complaint


@pytest.mark.parametrize(("rule", "path", "text", "complaint"), list(_broken()))
def test_a_rule_names_what_breaks_it(rule: rules.Rule, path: str, text: str, complaint: str) -> None:
    name = path.removesuffix(".py").replace("/", ".")
    assert [complaint in found for found in rule(Module(name, path, text))] == [True]


def test_every_rule_is_shown_to_bite() -> None:
    assert set(BROKEN) == set(rules.RULES)


def test_render_may_print_and_main_may_catch_everything() -> None:
    assert not list(rules.speaks_only_in_render(Module("hpctl.render.x", "hpctl/render/x.py", "print(1)")))
    text = "try:\n    f()\nexcept Exception:\n    pass"
    assert not list(rules.catches_by_name(Module("hpctl.cli.main", "hpctl/cli/main.py", text)))


def test_a_library_may_keep_its_own_noun() -> None:
    text = "class QuietRequestHandler(WSGIRequestHandler): ..."
    assert not list(rules.has_a_real_name(Module("hpctl.sandbox.x", "hpctl/sandbox/x.py", text)))


def test_nine_functions_of_ten_stay_under_forty_lines() -> None:
    lengths = [rules.length(function) for module in modules() for function in rules.functions(module)]
    assert statistics.quantiles(lengths, n=10)[-1] < 40
