from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import hpctl.render.errors, hpctl.render.notices, hpctl.render.output, hpctl.render.safe, hpctl.render.terminal
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"pydantic", "rich", "ruamel", "jmespath"}))
print(*sorted(name for name in sys.modules if name.startswith("hpctl.report")))
"""


def test_what_help_and_errors_need_of_render_is_light() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
