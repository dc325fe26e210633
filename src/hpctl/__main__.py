"""`python -m hpctl` is `hpctl`."""

from hpctl.cli.main import main

main()
