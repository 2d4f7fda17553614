"""The way to a file, looked at step by step on a real file system."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from certdesk.storage.places import PlaceUnsafe, check_file, check_folder


def open_up(folder: Path, mode: int = 0o777) -> Path:
    """Let others write to a folder, which is made."""
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)
    return folder


def test_a_folder_of_ones_own_passes_and_so_does_one_that_is_yet_to_be_made(tmp_path: Path) -> None:
    """Below the system's folder for temporary files, where others write too."""
    check_folder(tmp_path)
    check_folder(tmp_path / "new" / "newer")
    check_file(tmp_path / "new")


@pytest.mark.parametrize("name", ["", "desk", "desk/deeper", "desk/../desk/./deeper"])
def test_a_folder_that_others_may_write_is_found_on_every_way_through_it(
    tmp_path: Path, name: str
) -> None:
    """Also where what is asked for is not there yet."""
    folder = open_up(tmp_path / "shared")
    with pytest.raises(PlaceUnsafe, match=f"may write to {folder} .*: run `chmod go-w {folder}`"):
        check_folder(folder / name)


def test_links_are_followed_one_by_one(tmp_path: Path) -> None:
    """Whoever may put another link in the place of one leads the desk elsewhere."""
    good = open_up(tmp_path / "good", 0o700)
    shared = open_up(tmp_path / "shared")
    (shared / "hop").symlink_to(good)
    (tmp_path / "way").symlink_to(Path("shared/hop"))
    check_folder(good)
    for path in (shared / "hop", tmp_path / "way", tmp_path / "way" / "deeper"):
        with pytest.raises(PlaceUnsafe, match=str(shared)):
            check_folder(path)
    (tmp_path / "straight").symlink_to(good)
    check_folder(tmp_path / "straight")
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(PlaceUnsafe, match="more than 40 links"):
        check_folder(tmp_path / "round")


def test_a_file_is_looked_at_itself(tmp_path: Path) -> None:
    """Whether others write to it, and read it where they must not."""
    file = tmp_path / "file"
    file.write_text("x")
    file.chmod(0o644)
    check_file(file)
    with pytest.raises(PlaceUnsafe, match="may read"):
        check_file(file, secret=True)
    file.chmod(0o666)
    with pytest.raises(PlaceUnsafe, match="may write"):
        check_file(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_belongs_to_another_user_is_found(tmp_path: Path) -> None:
    """Unless that user is named as good, too."""
    folder = open_up(tmp_path / "theirs", 0o700)
    os.chown(folder, 1234, -1)
    with pytest.raises(
        PlaceUnsafe, match=r"another user .uid 1234.. Work as that user or, .* run `chown 0 "
    ):
        check_folder(folder / "deeper")
    check_folder(folder, also=1234)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives links away")
def test_a_link_of_another_user_is_not_followed(tmp_path: Path) -> None:
    """Also where the sticky bit keeps all others from it: its owner can aim it elsewhere."""
    good = open_up(tmp_path / "good", 0o700)
    shared = open_up(tmp_path / "shared", 0o1777)
    link = shared / "way"
    link.symlink_to(good)
    check_folder(link)
    os.chown(link, 1234, -1, follow_symlinks=False)
    with pytest.raises(PlaceUnsafe, match=rf"belongs to another user .*: run `chown -h 0 {link}`"):
        check_folder(link)
