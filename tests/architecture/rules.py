"""The house rules that neither ruff nor import-linter can hold: each takes a module and yields what breaks it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from tests.architecture.source import Module

Rule = Callable[[Module], Iterator[str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
SPEAKERS = {"print", "typer.echo", "typer.secho", "rich.print", "sys.stdout", "sys.stderr"}
SHELLS = {
    "os.popen",
    "os.system",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "asyncio.create_subprocess_shell",
}
_LAST_RESORTS = {
    "hpctl/cli/main.py",  # the command ends, with exit code 1
    "hpctl/sandbox/kube/clusters.py",  # a worker of a cluster is logged, and begins again
    "hpctl/sandbox/kube/wire.py",  # a request is logged, and answered with 500
}
VAGUE_FILES = {"base_utils", "common", "helper", "helpers", "misc", "util", "utils"}
VAGUE_CLASSES = ("Handler", "Helper", "Manager", "Util", "Utils")


def speaks_only_in_render(module: Module) -> Iterator[str]:
    """Render owns stdout and stderr; `cli.main` may touch the streams to survive a closed pipe."""
    if module.path.startswith("hpctl/render/") or module.path == "hpctl/cli/main.py":
        return
    for node in module.nodes:
        match node:
            case ast.Name(id=word) if word in SPEAKERS:
                yield f"{module}:{node.lineno}: `{word}` outside render/"
            case ast.Attribute(value=ast.Name(id=owner), attr=word) if f"{owner}.{word}" in SPEAKERS:
                yield f"{module}:{node.lineno}: `{owner}.{word}` outside render/"


def catches_by_name(module: Module) -> Iterator[str]:
    """Only who says that it is a bug may catch everything: elsewhere that turns a bug into a wrong answer."""
    if module.path in _LAST_RESORTS:
        return
    for node in module.nodes:
        if isinstance(node, ast.ExceptHandler) and _broad(node.type) and not _passes_on(node):
            yield f"{module}:{node.lineno}: catches everything"


def _passes_on(handler: ast.ExceptHandler) -> bool:
    match handler.body[-1]:
        case ast.Raise(exc=None):
            return True
        case _:
            return False


def _broad(caught: ast.expr | None) -> bool:
    match caught:
        case None:
            return True
        case ast.Tuple(elts=kinds):
            return any(_broad(kind) for kind in kinds)
        case _:
            return ast.unparse(caught) in {"Exception", "BaseException"}


def stays_small(module: Module) -> Iterator[str]:
    """A file above 400 lines holds two rooms; a function above 60 does two things."""
    if (lines := len(module.text.splitlines())) > MAX_FILE_LINES:
        yield f"{module}: {lines} lines, above {MAX_FILE_LINES}"
    for node in functions(module):
        if (lines := length(node)) > MAX_FUNCTION_LINES:
            yield f"{module}:{node.lineno}: `{node.name}` has {lines} lines, above {MAX_FUNCTION_LINES}"


def functions(module: Module) -> Iterator[Function]:
    """Yield every function and method, nested ones too."""
    return (node for node in module.nodes if isinstance(node, Function))


def length(function: Function) -> int:
    """Return the lines from `def` to the end of the body."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def explains_itself(module: Module) -> Iterator[str]:
    """Whatever is public says what it means."""
    if module.text.strip() and not ast.get_docstring(module.tree):
        yield f"{module}:1: no docstring"
    for owner, node in _public(module.tree, ""):
        if not ast.get_docstring(node):
            yield f"{module}:{node.lineno}: `{owner}{node.name}` has no docstring"


def _public(body: ast.Module | ast.ClassDef, owner: str) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    for node in body.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_") and not _overload(node):
            yield owner, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{owner}{node.name}.")


def _overload(node: Function | ast.ClassDef) -> bool:
    return any(ast.unparse(decorator) in {"overload", "typing.overload"} for decorator in node.decorator_list)


def has_a_real_name(module: Module) -> Iterator[str]:
    """A name tells what is inside; these tell that nobody knew."""
    if (file := module.name.rpartition(".")[2]) in VAGUE_FILES:
        yield f"{module}: `{file}` says nothing"
    for node in module.nodes:
        if isinstance(node, ast.ClassDef) and node.name.endswith(VAGUE_CLASSES) and not _borrowed(node):
            yield f"{module}:{node.lineno}: `{node.name}` says nothing"


def _borrowed(node: ast.ClassDef) -> bool:
    """A library's own noun stays what it is: `QuietRequestHandler(WSGIRequestHandler)`."""
    return any(ast.unparse(base).endswith(VAGUE_CLASSES) for base in node.bases)


def has_no_test_hook(module: Module) -> Iterator[str]:
    """The product does not know the sandbox: no variable of it, no `if testing`."""
    if module.path.startswith(("hpctl/sandbox/", "hpctl/cli/commands/sandbox/")):
        return
    hook = re.compile(r"HPCTL_(SANDBOX|TEST|FAKE)|PYTEST_CURRENT_TEST")
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and hook.search(node.value):
            yield f"{module}:{node.lineno}: knows `{node.value}`"


def starts_no_shell(module: Module) -> Iterator[str]:
    """Programs are started with lists of words: no shell reads what somebody else has written."""
    for node in module.nodes:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name), keywords=words):
                if owner == "subprocess" and any(word.arg == "shell" for word in words):
                    yield f"{module}:{node.lineno}: starts a shell"
                if f"{owner}.{name}" in SHELLS:
                    yield f"{module}:{node.lineno}: `{owner}.{name}` starts a shell"


RULES: tuple[Rule, ...] = (
    speaks_only_in_render,
    catches_by_name,
    stays_small,
    explains_itself,
    has_a_real_name,
    has_no_test_hook,
    starts_no_shell,
)


def imports(module: Module, package: str) -> bool:
    """Tell whether the module imports `package` anywhere, function bodies included."""
    for node in module.nodes:
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module=str(name)):
                found = [name]
            case _:
                continue
        if any(name.split(".")[0] == package for name in found):
            return True
    return False
