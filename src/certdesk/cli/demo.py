"""`certdesk demo`: the main job from end to end."""

from __future__ import annotations

import click


@click.command()
def demo() -> None:
    """Watch orders go from purchase to a certificate; everything is removed afterwards.

    A desk is started in a temporary folder, with a name server and a web server in place of the
    Internet. The exit code is 1 if a step failed.
    """
    from certdesk.demo.play import main  # noqa: PLC0415 -- no other command needs the desk's parts

    raise SystemExit(main())
