"""The page of environment variables: those of hpctl, those of options, and those of others that it honours."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.cli.tree import leaves
from tools.pages.markdown import code, page, table

SOURCE = "`tools/pages/environment.py` and the command tree"
INTRODUCTION = """\
An option wins over a variable. `region` of a spec wins over `AWS_REGION`.

A variable that switches something is on with any value but the empty one, `0`, `f`, `false`, `n`, `no` and `off`, in
any spelling; `NO_COLOR` and `HPCTL_TRACEBACK` are on with any value but the empty one."""
ELSEWHERE = """\
What a job's processes find in their environment stands in [Submit a job](../how-to/submit-a-job.md), what
`hpctl sandbox env` sets in [Use any AWS client with the sandbox](../how-to/any-aws-client.md)."""
OWN = {
    "HPCTL_NO_INPUT": "Nothing asks: what would be a question is an error that names the option (exit code 8)",
    "HPCTL_SANDBOX_HOME": "Where sandboxes are kept; else in the folder for state of your platform",
    "HPCTL_STATE_HOME": "Where hpctl keeps its records (journals, locks, crash reports); else as with sandboxes",
    "HPCTL_TRACEBACK": "A bug in hpctl ends with Python's traceback, not with a report in a file",
}
FOREIGN = {
    "AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, and AWS's others": "As every AWS tool has them",
    "CI, GITHUB_ACTIONS, CODEBUILD_BUILD_ID, JENKINS_URL, TEAMCITY_VERSION, TF_BUILD": "Nobody is there: no question, "
    "no colour, no redrawing",
    "COLUMNS": "Width of tables; else the terminal's, and 80 where there is none",
    "HF_HOME, HF_TOKEN": "The Hugging Face cache, and the token that `--hub` shows to the Hub",
    "KUBECONFIG": "The file that `hpctl cluster connect` writes to: of a list the first that exists",
    "NO_COLOR": "No colour, and no redrawing",
    "TERM": "With `dumb`: no question, no colour, no redrawing",
}


def environment() -> str:
    """Return the page."""
    return page(
        "Environment variables",
        SOURCE,
        INTRODUCTION,
        "## Of hpctl\n\n" + table(("variable", "what it does"), sorted(_own())),
        "## Of others\n\n" + table(("variable", "what it does"), _foreign()),
        ELSEWHERE,
    )


def options() -> dict[str, str]:
    """Return the variables that stand for an option, each with the option."""
    found: dict[str, str] = {}
    for _, command in leaves():
        for one in command.params:
            names = [one.envvar] if isinstance(one.envvar, str) else one.envvar or ()
            found |= dict.fromkeys(names, max(one.opts, key=len))
    return found


def _own() -> Iterator[tuple[str, str]]:
    yield from ((code(name), text) for name, text in OWN.items())
    yield from (
        (code(name), f"Stands for {code(option)} of every command that has it") for name, option in options().items()
    )


def _foreign() -> Iterator[tuple[str, str]]:
    for names, text in FOREIGN.items():
        yield ", ".join(code(name) if name.isupper() else name for name in names.split(", ")), text
