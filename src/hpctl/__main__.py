"""`python -m hpctl` is `hpctl`."""

from __future__ import annotations

from hpctl.cli.main import main

main()
