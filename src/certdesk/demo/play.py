"""Watch the main job from end to end: `certdesk demo`.

A desk is started in a temporary folder. Three orders are bought and submitted, and what the desk
stores is checked. Two more go all the way to a certificate. The exit code is 0 if every step worked
and 1 if one did not; processes and folder are always removed at the end.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from certdesk.demo.scene import Scene
from certdesk.demo.screen import Screen
from certdesk.demo.stage import ENDING, DeskProcess
from certdesk.demo.steps import STEPS
from certdesk.demo.telling import reason
from certdesk.world.files import world


def main() -> int:
    """Run all steps; return the exit code."""
    for number in ENDING:
        signal.signal(number, end)
    screen, began = Screen(len(STEPS)), time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="certdesk-demo-") as folder,
        world(Path(folder, "world"), complain=screen.complain) as around,
        contextlib.closing(DeskProcess(Path(folder, "desk"), around.settings)) as desk,
    ):
        desk.folder.mkdir()
        worked = play(Scene(desk, around), screen)
    if not worked:
        return 1
    seconds = f"{time.monotonic() - began:.1f} s"
    screen.end(f"All {len(STEPS)} steps worked, in {seconds}. The desk and {folder} are gone.")
    return 0


def play(scene: Scene, screen: Screen) -> bool:
    """Run the steps in order, up to the first that fails; return whether all worked."""
    with screen.progress():
        for title, step in STEPS:
            screen.begin(title)
            try:
                for said in step(scene):
                    screen.show(said)
            except Exception as error:  # noqa: BLE001 - any error is shown with the log
                screen.failure(reason(error), scene.desk.log())
                return False
            screen.worked()
    return True


def end(number: int, _: FrameType | None) -> None:
    """End on a signal; a second signal does not interrupt the clean-up."""
    for other in ENDING:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)
