"""`python -m certdesk` is the command `certdesk`."""

from certdesk.cli.main import main

main()
