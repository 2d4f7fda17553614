"""`certdesk demo`: the main job from end to end."""

from __future__ import annotations

import click


@click.command()
def demo() -> None:
    """Watch orders go from purchase to a certificate; nothing of it stays.

    A desk is started in a folder of its own, with a name server and a web server that stand for the
    Internet. Exit code 1 if a step did not work.
    """
    from certdesk.demo.play import main  # noqa: PLC0415 -- no other command needs the desk's parts

    raise SystemExit(main())
