"""What the README tells a reader to type is typed here, in its order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pasting import ROOT, Reader, steps

README = (ROOT / "README.md").read_text("utf-8")


def test_every_make_target_of_the_readme_is_in_the_makefile() -> None:
    """The demo and the tests are not started from inside the tests, but they are there."""
    targets = re.findall(r"^make (\w+)", README, re.MULTILINE)
    assert targets == ["demo", "test", "world", "serve"]
    for target in targets:
        assert re.search(rf"^{target}: ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.needs("openssl")
def test_the_first_certificate_of_the_readme_is_had_as_it_stands(tmp_path: Path) -> None:
    """Bought with the SDK, ordered and downloaded with tccli, verified by OpenSSL."""
    with Reader(tmp_path) as reader:
        printed = [reader.do(step) for step in steps(README) if not step.startswith("make demo")]
        assert reader.untracked == []
    assert re.search(r"^_dnsauth\.www\.example\.com TXT \w+$", printed[-2], re.MULTILINE)
    assert printed[-1] == "certificate/Nginx/1_www.example.com_bundle.crt: OK\n"
    assert (tmp_path / "certificate" / "Nginx" / "2_www.example.com.key").is_file()
