"""What the README tells a reader to type is typed here, in its order."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.pasting import ROOT, Reader, steps

README = (ROOT / "README.md").read_text("utf-8")


def test_every_make_target_of_the_readme_is_in_the_makefile() -> None:
    """The demo is not started from inside this test, but it is there."""
    targets = set(re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE))
    assert targets == {"demo", "serve", "world", "test", "site"}
    for target in targets:
        assert re.search(rf"^{target}: ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_the_first_screen_has_a_sentence_a_picture_and_three_commands() -> None:
    """Before the first heading of a section."""
    screen, *_ = README.partition("\n## ")
    assert len(re.findall(r"^[A-Z].+\n.+\.$", screen.partition("![")[0], re.MULTILINE)) == 1
    assert re.findall(r"!\[.+\]\((.+)\)", screen) == ["docs/demo.svg"]
    assert len(re.findall(r"^\| `.+ seconds?", screen, re.MULTILINE)) == 3


@pytest.mark.needs("openssl")
def test_the_first_certificate_of_the_readme_is_had_as_it_stands(tmp_path: Path) -> None:
    """Bought with the SDK, ordered and downloaded with tccli, verified by OpenSSL."""
    with Reader(tmp_path) as reader:
        printed = [reader.do(step) for step in steps(README)]
        assert reader.untracked == []
    assert re.search(r"^_dnsauth\.www\.example\.com TXT \w+$", printed[-2], re.MULTILINE)
    assert printed[-1] == "certificate/Nginx/1_www.example.com_bundle.crt: OK\n"
    assert (tmp_path / "certificate" / "Nginx" / "2_www.example.com.key").is_file()
    shown = re.findall(r'`({"Uin": "1000…".*})`', README)
    account = json.loads((tmp_path / "keys.json").read_text())
    assert [list(json.loads(text)) for text in shown] == [list(account)]
