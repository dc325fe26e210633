"""`hpctl sky`, as people type it: everything but SkyPilot itself is real, which takes 520 MB and minutes to install.

`.github/workflows/skypilot.yml` runs the same against SkyPilot from the package index.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from hpctl.facts.sky import VERSION
from tests.functional.cli.command import EXECUTABLE, Hpctl
from tests.functional.job.cli.conftest import Jobs

pytestmark = [pytest.mark.functional, pytest.mark.slow]

UV = """#!/bin/sh
# Makes an environment whose Python answers as SkyPilot would: it allows what the configuration names.
case "$1" in venv)
  mkdir -p "$5/bin"
  cat > "$5/bin/python" <<'END'
#!/bin/sh
context=$4
if grep -qF "$context" "$SKYPILOT_GLOBAL_CONFIG" && kubectl --context "$context" get nodes > /dev/null; then
  told="{\\"$context\\": \\"enabled.\\"}"
  echo "hpctl-verdict {\\"usable\\": true, \\"told\\": $told, \\"accelerators\\": {\\"H100\\": [16, 16]}}"
else
  echo 'hpctl-verdict {"usable": false, "told": "No available context found in kubeconfig."}'
fi
END
  chmod +x "$5/bin/python" ;;
esac
"""


@pytest.fixture
def hpctl(jobs: Jobs, tmp_path: Path) -> Hpctl:
    """The command on a machine that has uv, and a configuration of SkyPilot already."""
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(UV, encoding="utf-8")
    uv.chmod(0o755)
    config = tmp_path / "config.yaml"
    config.write_text("# mine\nkubernetes:\n  allowed_contexts: [office]\n", encoding="utf-8")
    return jobs.hpctl.with_env(
        PATH=f"{uv.parent}:{EXECUTABLE.parent}:{jobs.hpctl.env['PATH']}",
        SKYPILOT_GLOBAL_CONFIG=str(config),
        HPCTL_STATE_HOME=str(tmp_path / "state"),
    )


def test_it_is_shown_done_once_and_checked(hpctl: Hpctl) -> None:
    assert hpctl("sky", "setup", ends=ExitCode.UNCONFIRMED).err.endswith("hint: add --yes\n")
    assert "hint: hpctl sky setup --cluster" in hpctl("sky", "check", ends=ExitCode.NOT_FOUND).err
    config = Path(hpctl.env["SKYPILOT_GLOBAL_CONFIG"])
    before = config.read_text(encoding="utf-8")
    shown = hpctl("sky", "setup", "--dry-run", "-o", "json").json()
    assert shown["result"] == "planned"
    assert (config.read_text(encoding="utf-8"), Path(shown["environment"]).exists()) == (before, False)
    done = hpctl("sky", "setup", "--yes", "-o", "json").json()
    try:
        assert (done["result"], done["version"]) == ("done", VERSION)
        assert config.read_text(encoding="utf-8").startswith("# mine\nkubernetes:\n  allowed_contexts: [office, ")
        efa = config.parent / "hpctl" / f"{done['cluster']}-p5.48xlarge.yaml"
        assert efa.read_text(encoding="utf-8").count("vpc.amazonaws.com/efa: 32") == 2
        assert hpctl("sky", "setup", "--yes", "-o", "json").json()["result"] == "unchanged"
        lines = hpctl("sky", "check").out.splitlines()
        assert lines[0] == f"ready: cluster {done['cluster']}, for SkyPilot {VERSION}"
        assert lines[-1].split() == ["H100", "16", "16"]
    finally:
        hpctl("node", "label", "--remove", "--yes")
    config.write_text(before, encoding="utf-8")
    refused = hpctl("sky", "check", "-o", "json", ends=ExitCode.CHECKS_FAILED).json()
    assert (refused["state"], refused["next_steps"]) == ("disabled", [f"hpctl sky setup --cluster {done['cluster']}"])
