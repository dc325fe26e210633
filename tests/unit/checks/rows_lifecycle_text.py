"""What the checks of `lifecycle_text` say of scripts line by line."""

from __future__ import annotations

from typing import Any

from hpctl.facts.script_ports import ShellFault
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from tests.unit.builders import a_finding, a_group, a_plain_group, a_slurm_spec, a_spec
from tests.unit.checks.row import cannot_tell, fails, passes, warns
from tests.unit.fakes import FakeAccount

_AT = ("instance_groups", 0, "lifecycle", "on_create")
_URI = "s3://sagemaker-x/lc"
_SHEBANG = "#!/bin/bash\n"


def _spec(**members: Any) -> ClusterSpec:
    return a_spec(a_group(lifecycle={"source_s3_uri": _URI, "on_create": "on_create.sh"}, **members))


def _slurm(**members: Any) -> ClusterSpec:
    lifecycle = {"source_s3_uri": _URI, "on_create": "on_create.sh"}
    return a_slurm_spec(a_plain_group("workers", lifecycle=lifecycle, **members), orchestrator=None)


def _holding(text: str, **others: str) -> FakeAccount:
    """A bucket with `on_create.sh` (a shebang and `text`) and others; `__` in a name is a slash, `_sh` its ending."""
    account = FakeAccount()
    names = {key.replace("__", "/").replace("_sh", ".sh").replace("_py", ".py"): text for key, text in others.items()}
    files = {"on_create.sh": _SHEBANG + text, **names}
    account.storage.buckets = {"sagemaker-x": {f"lc/{name}": text.encode() for name, text in files.items()}}
    return account


def _empty() -> FakeAccount:
    account = FakeAccount()
    account.storage.buckets = {"sagemaker-x": {}}
    return account


def _misread(text: str, *faults: ShellFault, **others: str) -> FakeAccount:
    account = _holding(text, **others)
    account.shell.misread = {(_SHEBANG + text).encode(): faults}
    return account


def _of(level: str, line: int, message: str, remedy: str, *shown: str, name: str = "on_create.sh") -> Finding:
    evidence = tuple(f"line: {text}" for text in shown)
    told = f"`{_URI}/{name}` line {line} {message}"
    return a_finding(level, "instance group/workers", told, *evidence, remedy=remedy, path=_AT)  # type: ignore[arg-type]


_MISREAD = ShellFault(3, "syntax error near unexpected token `fi'")
_BROKEN_PYTHON = "import os\nif os:\nprint(1)\n"

SYNTAX = (
    passes("lifecycle-syntax", "scripts that can be read", _spec(), _holding("python3 a.py\n", a_py="x = 1\n")),
    passes("lifecycle-syntax", "no scripts", a_spec(a_group(lifecycle=None))),
    passes("lifecycle-syntax", "a broken script that nothing names", _spec(), _holding("", a_py=_BROKEN_PYTHON)),
    fails(
        "lifecycle-syntax",
        "a word that Bash does not expect",
        _spec(),
        _of("fail", 3, "Bash cannot read it: syntax error near unexpected token `fi'", "mend that line"),
        account=_misread("echo\nfi\n", _MISREAD),
    ),
    fails(
        "lifecycle-syntax",
        "a mistake in a file that is named by a file that is named",
        _spec(),
        _of(
            "fail",
            3,
            "Python cannot read it: expected an indented block after 'if' statement on line 2",
            "mend that line",
            name="utils/b.py",
        ),
        account=_holding("bash ./a.sh\n", a_sh="#!/bin/sh\npython3 utils/b.py\n", utils__b_py=_BROKEN_PYTHON),
    ),
    fails(
        "lifecycle-syntax",
        "a NUL in Python",
        _spec(),
        _of("fail", 1, "Python cannot read it: it contains a null byte", "mend that line",
            name="b.py"),
        account=_holding("python3 b.py\n", b_py="x = 1\0\n"),
    ),
    cannot_tell(
        "lifecycle-syntax",
        "no script",
        _spec(),
        "could not look: there is no `s3://sagemaker-x/lc/on_create.sh`",
        _empty(),
    ),
)  # fmt: skip

COMPANION = (
    passes(
        "lifecycle-companion-present",
        "files that are there",
        _spec(),
        _holding('bash ./a.sh\npython3 -u "$SCRIPT_DIR/utils/b.py" -x\n', a_sh="", utils__b_py=""),
    ),
    passes(
        "lifecycle-companion-present",
        "files that are elsewhere, made, or only spoken of",
        _spec(),
        _holding(
            "bash /opt/a.sh\n. /etc/profile.d/b.sh\ncurl -o c.sh https://x/c.sh\nbash c.sh\n# bash d.sh\n"
            "cat > e.sh <<END\nbash f.sh\nEND\nbash ./e.sh\nsource $HOME/g.sh\necho see h.sh\n"
        ),
    ),
    warns(
        "lifecycle-companion-present",
        "a file that is not there, once",
        _spec(),
        _of("warn", 3, "runs `lifecycle_script.py`, which is not there", "add `lifecycle_script.py`, or do without it"),
        account=_holding("set -e\npython3 -u lifecycle_script.py -rc x\npython3 lifecycle_script.py\n"),
    ),
    warns(
        "lifecycle-companion-present",
        "a file beside the script",
        _spec(),
        _of("warn", 2, "runs `on_create_main.sh`, which is not there", "add `on_create_main.sh`, or do without it"),
        account=_holding('"$(dirname "$0")"/x && bash "$(dirname "$0")/on_create_main.sh"\n'),
    ),
)

PACKAGES = (
    passes("lifecycle-package-manager", "dnf on EKS", _spec(), _holding("dnf install -y jq\n")),
    passes("lifecycle-package-manager", "apt-get on Slurm", _slurm(), _holding("apt-get install -y jq\n")),
    passes(
        "lifecycle-package-manager",
        "a script that asks first",
        _spec(),
        _holding("if command -v apt-get; then apt-get install jq; else dnf install jq; fi\n"),
    ),
    passes("lifecycle-package-manager", "only words", _spec(), _holding('echo "apt-get install jq"\n# apt-get\n')),
    passes(
        "lifecycle-package-manager",
        "an image of their own",
        _spec(image_id="ami-0123456789abcdef0"),
        _holding("apt-get install jq\n"),
    ),
    warns(
        "lifecycle-package-manager",
        "apt-get on EKS, the first time",
        _spec(image_id="default"),
        _of("warn", 3, "runs `apt-get`, and nodes run Amazon Linux 2023", "use `dnf`", "apt-get update"),
        account=_holding("set -e\nsudo DEBIAN_FRONTEND=noninteractive apt-get update && apt-get install -y jq\n"),
    ),
    warns(
        "lifecycle-package-manager",
        "yum on Slurm, in a file that is named",
        _slurm(),
        _of("warn", 2, "runs `yum`, and nodes run Ubuntu", "use `apt-get`", "yum install -y jq", name="a.sh"),
        account=_holding("bash a.sh\n", a_sh="#!/bin/bash\nif ! yum install -y jq; then exit 1; fi\n"),
    ),
)

_BOUND = "count the attempts, or wrap the wait: timeout 300 bash -c '…'"
_UNBOUND = "waits in a loop that counts neither attempts nor time"

LOOPS = (
    passes(
        "lifecycle-unbounded-loop",
        "loops with an end",
        _spec(),
        _holding(
            "for i in 1 2 3; do sleep 1; done\n"
            "while read -r line; do echo; done < f\n"
            "n=0\nuntil mountpoint /fsx; do n=$((n + 1)); [ $n -lt 9 ] || exit 1; sleep 5; done\n"
            "while true; do\n  [ $SECONDS -gt 60 ] && exit 1\ndone\n"
            "timeout 60 bash -c 'until x; do sleep 1; done'\n"
            "while true; do sleep 60; done &\n"
            "cat > d.sh <<'END'\nwhile true; do sleep 1; done\nEND\n"
        ),
    ),
    passes(
        "lifecycle-unbounded-loop",
        "a loop of Python that is left",
        _spec(),
        _holding("python3 a.py\n", a_py="while True:\n    break\nwhile len(''):\n    pass\n"),
    ),
    *(
        warns(
            "lifecycle-unbounded-loop",
            text,
            _spec(),
            _of("warn", 2, _UNBOUND, _BOUND, shown),
            account=_holding(text),
        )
        for text, shown in {
            "while true; do mountpoint /fsx && break; sleep 5; done\n": "while true; do mountpoint /fsx && break; "
            "sleep 5; done",
            "until mountpoint /fsx\ndo\n  sleep 5\ndone\n": "until mountpoint /fsx",
            "while ! apt-get update; do\n  sleep 5\ndone\n": "while ! apt-get update; do",
        }.items()
    ),
    warns(
        "lifecycle-unbounded-loop",
        "a loop of Python that nothing ends",
        _spec(),
        _of("warn", 2, "waits in a loop that nothing ends", "leave it after some attempts", name="a.py"),
        account=_holding("python3 a.py\n", a_py="import time\nwhile True:\n    time.sleep(5)\n"),
    ),
)

_AGAIN = "try again some times, with a wait between"

RETRIES = (
    passes(
        "lifecycle-retries",
        "commands that try again",
        _spec(),
        _holding("pip install torch\nwget https://x/y\naws s3 cp s3://x/y .\ngit status\napt-get clean\n"),
    ),
    passes("lifecycle-retries", "an option", _spec(), _holding("curl --retry 5 -fsSL https://x/y\n")),
    passes("lifecycle-retries", "a function", _spec(), _holding("retry() { :; }\nretry dnf install jq\n")),
    passes(
        "lifecycle-retries",
        "a loop",
        _spec(),
        _holding("for i in 1 2 3; do\n  dnf install -y jq && break\n  sleep 5\ndone\n"),
    ),
    warns(
        "lifecycle-retries",
        "two that try once",
        _spec(),
        _of("warn", 2, "downloads, and tries once", _AGAIN, "dnf install -y jq"),
        _of("warn", 3, "downloads, and tries once", _AGAIN, "curl -fsSL _"),
        account=_holding('sudo dnf install -y jq\ncurl -fsSL "https://x/y" | bash\n'),
    ),
)

_TAKE_OUT = "take it out of use, and read it from Secrets Manager when the script runs"

SECRETS = (
    passes(
        "lifecycle-secrets",
        "secrets that are asked for",
        _spec(),
        _holding(
            "TOKEN=$(aws secretsmanager get-secret-value --secret-id hf)\nSECRET_ARN=arn:aws:secretsmanager:x\n"
            "PASSWORD_FILE=/etc/passwd-s3fs\nexport API_KEY=${API_KEY:-}\nTOKEN=\n"
        ),
    ),
    *(
        warns("lifecycle-secrets", what, _spec(), _of("warn", 2, said, _TAKE_OUT), account=_holding(f"{text}\n"))
        for what, text, said in (
            ("an AWS key", "aws configure set key AKIA" + "PLANTED000000000", "holds what looks like a key"),
            ("a Hugging Face token", "huggingface-cli login --token hf_" + "x" * 34, "holds what looks like a key"),
            ("a private key", "echo '-----BEGIN OPENSSH PRIVATE KEY-----'", "holds what looks like a key"),
            ("a password", "export DB_PASSWORD='correct-horse'", "holds a value of `DB_PASSWORD`"),
        )
    ),
)  # fmt: skip

_NEWER = "take AWS's sample as it is now, or write hpctl's: hpctl lifecycle init FOLDER -f FILE"

OLD = (
    passes(
        "lifecycle-known-bad",
        "the samples as they are now",
        _spec(),
        _holding(
            "bash utils/fsx_ubuntu.sh\nbash install_ansible.sh\n",
            utils__fsx_ubuntu_sh="#!/bin/bash\nmountpoint -q /fsx && touch /fsx/x\nusermod -m -d /fsx/ubuntu ubuntu\n",
            install_ansible_sh="rm -f /etc/apt/sources.list.d/fsx*lustre*.list\napt-get update\n",
        ),
    ),
    warns(
        "lifecycle-known-bad",
        "a home that moves too early",
        _spec(),
        _of(
            "warn",
            2,
            "moves a home to /fsx and does not wait until that can be written",
            _NEWER,
            name="utils/fsx_ubuntu.sh",
        ),
        account=_holding(
            "bash utils/fsx_ubuntu.sh\n", utils__fsx_ubuntu_sh="#!/bin/bash\nusermod -m -d /fsx/ubuntu ubuntu\n"
        ),
    ),
    warns(
        "lifecycle-known-bad",
        "a package list that may be gone",
        _slurm(),
        _of(
            "warn",
            1,
            "updates from the FSx package list of the AMI, which may be gone (403 Forbidden)",
            "write before that line: rm -f /etc/apt/sources.list.d/fsx*lustre*.list",
            name="install_ansible.sh",
        ),
        account=_holding("bash install_ansible.sh\n", install_ansible_sh="apt-get update\n"),
    ),
    warns(
        "lifecycle-known-bad",
        "containerd as it was",
        _spec(),
        _of(
            "warn",
            2,
            "changes containerd as Amazon Linux 2 had it, and nodes run Amazon Linux 2023",
            _NEWER,
        ),
        account=_holding("sed -i s/a/b/ /etc/eks/containerd/containerd-config.toml\n"),
    ),
)

ROWS = (*SYNTAX, *COMPANION, *PACKAGES, *LOOPS, *RETRIES, *SECRETS, *OLD)

_READS = ("storage.objects", "storage.read")
ASKS: dict[str, tuple[str, ...]] = {
    "lifecycle-syntax": (*_READS, "shell.faults"),
    **dict.fromkeys(
        (
            "lifecycle-companion-present",
            "lifecycle-package-manager",
            "lifecycle-unbounded-loop",
            "lifecycle-retries",
            "lifecycle-known-bad",
            "lifecycle-secrets",
        ),
        _READS,
    ),
}


def wish(_check_id: str) -> tuple[ClusterSpec, FakeAccount]:
    """Return what makes a check ask all that it may ask."""
    return _spec(), _holding("exec >> /var/log/provision/provisioning.log\n")
