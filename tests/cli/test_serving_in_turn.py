import threading
from pathlib import Path

from certdesk.storage.lock import DeskLock
from certdesk.storage.sqlite import LOCK_NAME
from tests.running import RunningDesk


def test_a_desk_that_starts_waits_for_an_operators_command_to_end(tmp_path: Path) -> None:
    """Without a server a command opens the folder itself; a server started then gets its turn."""
    folder = tmp_path / "data"
    folder.mkdir()
    lock = DeskLock.acquire(folder / LOCK_NAME)
    command_ends = threading.Timer(2, lock.release)
    command_ends.start()
    desk = RunningDesk(folder)
    desk.start()
    desk.stop()
    command_ends.join()


def test_a_second_desk_on_a_folder_says_who_has_it(tmp_path: Path) -> None:
    """It gives up after a moment, with the code for a desk that cannot be opened."""
    folder = tmp_path / "data"
    folder.mkdir()
    desk = RunningDesk(folder)
    with DeskLock.acquire(folder / LOCK_NAME):
        refused = desk.run("serve", "--listen", "127.0.0.1:0")
    assert refused.returncode == 3
    assert "is in use by process" in refused.stderr
