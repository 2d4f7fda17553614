"""Letters: whole files of the formats that are taken, which do nothing but be shown."""

from __future__ import annotations

import base64
import contextlib
import subprocess
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.errors import InvalidFileType
from certdesk.domain.vetting.letters import MOST, read_revocation_letter
from certdesk.domain.vetting.pdf import ACTIVE, MOST_OBJECTS, BadPdf, check_pdf
from certdesk.domain.vetting.pictures import BadPicture, check_gif, check_jpeg, check_png
from tests.papers import GIF, JPG, PDF, PNG, pdf, stream
from tests.programs import run

CHECKS: dict[bytes, Callable[[bytes], None]] = {
    PDF: check_pdf,
    JPG: check_jpeg,
    PNG: check_png,
    GIF: check_gif,
}
BAD = (BadPdf, BadPicture)
of_every_format = pytest.mark.parametrize("letter", list(CHECKS), ids=["PDF", "JPG", "PNG", "GIF"])

SCRIPT = b"<</S /JavaScript /JS (app.alert\\(1\\))>>"


def flawed(check: Callable[[bytes], None], content: bytes) -> str:
    """Check what is to be refused; give the reason."""
    with pytest.raises(BAD) as refused:
        check(content)
    return str(refused.value)


# --- what other programs make -------------------------------------------------------------------


@of_every_format
def test_what_other_programs_made_is_taken(letter: bytes) -> None:
    """A page of Ghostscript's, and pictures of Netpbm's."""
    CHECKS[letter](letter)


@pytest.mark.needs("qpdf")
@pytest.mark.parametrize(
    "options",
    [
        ("--object-streams=generate",),
        ("--linearize",),
        ("--linearize", "--object-streams=generate"),
        ("--qdf", "--object-streams=disable"),
        ("--stream-data=uncompress", "--object-streams=generate"),
    ],
    ids=" ".join,
)
def test_a_page_is_taken_in_whichever_way_it_is_written(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """With objects in streams, ordered for the web, for people to read; unless it has a script."""
    check_pdf(rewritten(tmp_path, PDF, *options))
    script = pdf(SCRIPT, catalogue=b" /OpenAction 5 0 R")
    assert "JavaScript" in flawed(check_pdf, rewritten(tmp_path, script, *options))


@pytest.mark.needs("qpdf")
def test_what_not_everybody_can_read_is_refused(tmp_path: Path) -> None:
    """Also where the pass phrase is none, and whether the objects are in streams or not."""
    for streams in ("disable", "generate"):
        sealed = rewritten(
            tmp_path, PDF, f"--object-streams={streams}", "--encrypt", "", "owner", "256", "--"
        )
        assert flawed(check_pdf, sealed) == "it is encrypted"


@pytest.mark.needs("qpdf")
@pytest.mark.parametrize("streams", ["disable", "generate"])
def test_a_file_within_the_file_is_refused(tmp_path: Path, streams: str) -> None:
    """As qpdf puts it there."""
    (tmp_path / "more.txt").write_text("run me")
    options = (f"--object-streams={streams}", "--add-attachment", str(tmp_path / "more.txt"), "--")
    assert "EmbeddedFile" in flawed(check_pdf, rewritten(tmp_path, PDF, *options))


@pytest.mark.needs("gs")
@pytest.mark.parametrize("device", ["pdfwrite", "pdfimage24", "jpeg", "png16m", "pnggray"])
def test_pages_and_scans_of_ghostscript_are_taken(tmp_path: Path, device: str) -> None:
    """A page of text, and the same as a picture, in a file of its own or in a PDF."""
    drawn = tmp_path / "page.ps"
    drawn.write_text("/Times-Roman findfont 40 scalefont setfont 72 600 moveto (Yes) show showpage")
    made = tmp_path / "made"
    run("gs", "-q", "-dNOPAUSE", "-dBATCH", f"-sDEVICE={device}", f"-sOutputFile={made}", drawn)
    check = {"pdf": check_pdf, "jpe": check_jpeg, "png": check_png}[device[:3]]
    check(made.read_bytes())


@pytest.mark.needs("pnmtojpeg")
@pytest.mark.parametrize(
    ("maker", "check"),
    [
        (("pnmtojpeg", "-progressive", "-restart=2"), check_jpeg),
        (("pnmtojpeg", "-grayscale", "-comment=a letter"), check_jpeg),
        (("pnmtopng", "-interlace"), check_png),
        (("pamtogif", "-interlace", "-comment=a letter"), check_gif),
        (("pamtogif", "-transparent=#000000"), check_gif),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_pictures_are_taken_in_whichever_way_they_are_written(
    maker: tuple[str, ...], check: Callable[[bytes], None]
) -> None:
    """In several scans, interlaced, with comments and with more or fewer colours."""
    noise = b"P5 40 30 255 " + bytes(n * n % 251 for n in range(1200))
    check(subprocess.run(maker, input=noise, check=True, capture_output=True).stdout)


def rewritten(folder: Path, content: bytes, *options: str) -> bytes:
    """Have qpdf write a PDF file anew."""
    before, after = folder / "before.pdf", folder / "after.pdf"
    before.write_bytes(content)
    run("qpdf", before, *options, after)
    return after.read_bytes()


# --- what is not all there ----------------------------------------------------------------------


@of_every_format
def test_no_file_that_was_cut_is_taken(letter: bytes) -> None:
    """At any byte; the blank at the end of a PDF file is none of it."""
    for end in range(len(letter.rstrip(b"\n"))):
        flawed(CHECKS[letter], letter[:end])


@of_every_format
def test_what_follows_the_end_is_passed_over(letter: bytes) -> None:
    """Telephones and mail programs put something there."""
    CHECKS[letter](letter + b"\0" * 1000)


def test_no_bit_of_a_png_file_can_be_changed() -> None:
    """Its sums tell."""
    for bit in range(len(PNG) * 8):
        flawed(check_png, flipped(PNG, bit))


def flipped(content: bytes, bit: int) -> bytes:
    """Change one bit."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@of_every_format
@given(data=st.data())
def test_a_changed_file_is_taken_or_refused_and_nothing_else(
    letter: bytes, data: st.DataObject
) -> None:
    """Whatever is replaced, inserted or removed, and wherever."""
    start = data.draw(st.integers(0, len(letter)))
    end = data.draw(st.integers(start, min(len(letter), start + 20)))
    changed = letter[:start] + data.draw(st.binary(max_size=20)) + letter[end:]
    with contextlib.suppress(*BAD):
        CHECKS[letter](changed)


@pytest.mark.parametrize("letter", [PDF, JPG, PNG], ids=["PDF", "JPG", "PNG"])
def test_the_owner_reads_what_is_wrong(letter: bytes) -> None:
    """In the code for a wrong format."""
    assert read_revocation_letter(base64.b64encode(letter).decode())[1] == letter
    rubbish = letter[:8] + letter[:2:-1]
    with pytest.raises(InvalidFileType, match=r"RevokeLetter: is not a complete [A-Z]+ file: "):
        read_revocation_letter(base64.b64encode(rubbish).decode())


# --- pictures -----------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    """Write a chunk of PNG."""
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """Write a PNG file."""
    header = chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + bytes((8, 0, 0, 0, 0)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


DATA = chunk(b"IDAT", zlib.compress(b"\0\0"))


def test_a_picture_has_a_size_that_can_be_shown() -> None:
    """In every format; what says it is small, and unpacks to gigabytes, shows nobody anything."""
    check_png(png(1, 1, DATA))
    for width, height in ((0, 1), (1, 0), (20_001, 1), (1, 20_001), (10_001, 10_001)):
        assert flawed(check_png, png(width, height, DATA)) == f"it is {width} by {height} pixels"
    frame = JPG.index(b"\xff\xc0") + 5
    tall = JPG[:frame] + b"\xff\xff" + JPG[frame + 2 :]
    assert flawed(check_jpeg, tall) == "it is 48 by 65535 pixels"
    flat = GIF[:8] + b"\0\0" + GIF[10:]
    assert flawed(check_gif, flat) == "it is 48 by 0 pixels"


def test_a_png_file_has_a_header_and_data() -> None:
    """Each where it belongs."""
    assert flawed(check_png, png(1, 1)) == "it has no image data"
    no_header = PNG[:8] + DATA + chunk(b"IEND", b"")
    assert flawed(check_png, no_header) == "its header is in the wrong place"
    twice = png(1, 1, chunk(b"IHDR", bytes(13)), DATA)
    assert flawed(check_png, twice) == "its header is in the wrong place"
    long = PNG[:8] + chunk(b"IHDR", bytes(14)) + DATA
    assert flawed(check_png, long) == "its header has the wrong size"


def test_a_jpeg_file_has_a_frame_before_its_scans() -> None:
    """And a scan at all; no marker stands where it has no meaning."""
    ends = b"\xff\xd9"
    assert flawed(check_jpeg, JPG[:2] + ends) == "it has no scan"
    scan = JPG.index(b"\xff\xda")
    assert flawed(check_jpeg, JPG[:2] + JPG[scan:]) == "a scan has no frame"
    assert flawed(check_jpeg, JPG[:-2]) == "it ends within a scan"
    assert flawed(check_jpeg, JPG[:2] + b"\xff\xd0" + ends) == "the marker D0 is out of place"
    assert flawed(check_jpeg, JPG[:2] + b"text") == "a marker is missing"
    check_jpeg(JPG[:2] + b"\xff\xff\xff" + JPG[2:])


def test_a_gif_file_has_an_image() -> None:
    """And blocks of the kinds that there are."""
    nothing = GIF[:10] + b"\0\0\0;"
    assert flawed(check_gif, nothing) == "it has no image"
    assert flawed(check_gif, nothing[:-1] + b"!\xfe\x02hi\0;") == "it has no image"
    assert flawed(check_gif, nothing[:-1] + b"?;") == "there is no block 3F"


# --- PDF ----------------------------------------------------------------------------------------


def test_a_page_that_only_shows_something_is_taken() -> None:
    """As written by hand."""
    check_pdf(pdf())
    check_pdf(pdf(b"<</S /GoTo /D [3 0 R /Fit]>>", catalogue=b" /OpenAction 5 0 R"))


@pytest.mark.parametrize("name", ACTIVE)
def test_what_acts_is_refused_by_its_name(name: str) -> None:
    """Wherever it stands, and however it is spelt."""
    found = f"it contains {name}, which a letter must not have"
    escaped = "".join(f"#{ord(letter):02X}" if at % 2 else letter for at, letter in enumerate(name))
    for spelt in (name, escaped):
        assert flawed(check_pdf, pdf(f"<</S /{spelt}>>".encode())) == found
        assert flawed(check_pdf, pdf(objects(f"<</S /{spelt}>>".encode()))) == found
    check_pdf(pdf(f"<</S /{name}s2 /Title ({name})>>".encode()))


def objects(content: bytes, entries: bytes = b"") -> bytes:
    """Write a stream of one object, packed."""
    return stream(
        zlib.compress(b"9 0 " + content),
        b" /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode" + entries,
    )


@pytest.mark.parametrize(
    "entries",
    [
        b" /Type /ObjStm /N 1 /First 4 /Filter /ASCIIHexDecode",
        b" /Type /ObjStm /N 1 /First 4 /Filter [/ASCII85Decode /FlateDecode]",
        b" /Type /#4fbjStm /N 1 /First 4 /#46ilter /LZWDecode",
        b" /N 1 /First 4 /Filter /RunLengthDecode",
        b" /Type /ObjStm /N 1 /First 4 /Filter 6 0 R",
        b" /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Filter /LZWDecode",
        b" /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /DecodeParms <</Predictor 12>>",
        b" /Type /ObjStm /N 1 /First 4 /F (elsewhere.bin)",
        b" /X << /Y [(>>) <28> (a\\)b(c)d)] >> % >>\n /Type /ObjStm /Filter /LZWDecode",
    ],
)
def test_objects_that_cannot_be_looked_into_are_refused(entries: bytes) -> None:
    """However their stream is described."""
    packed = stream(b"00", entries)
    found = flawed(check_pdf, pdf(packed))
    assert found == "its objects are compressed in a way that the desk does not read"


def test_what_is_packed_wrongly_is_refused() -> None:
    """Not as it says, not all of it, or too much of it."""
    whole = zlib.compress(bytes(2048))
    said = b" /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode"
    assert flawed(check_pdf, pdf(stream(b"no", said))) == "its compressed objects are damaged"
    assert flawed(check_pdf, pdf(stream(whole[:-9], said))) == "some of its objects are missing"
    much = stream(zlib.compress(bytes(MOST_OBJECTS // 2 + 1)), said)
    check_pdf(pdf(much))
    assert flawed(check_pdf, pdf(much, much)) == "its objects have more than 16777216 bytes"


def test_an_object_that_is_not_closed_is_refused() -> None:
    """Readers would guess where it ends."""
    for content in (b"<</A (", b"<</A ) /First 4>>", b"<</A [<</B 1>>"):
        assert flawed(check_pdf, pdf(content)) in {
            "one of its objects cannot be read",
            "its objects are nested",
        }


def test_a_pdf_file_has_its_beginning_its_end_and_a_page() -> None:
    """And can be read by everybody."""
    good = pdf()
    for old, new, reason in (
        (b"%PDF-1.7", b"%PDF 1.7", "it does not begin as a PDF file"),
        (b"%%EOF", b"%%EOG", "it does not end as a PDF file"),
        (b"startxref", b"startxret", "it does not end as a PDF file"),
        (b"/Type /Page ", b"/Type /Leaf ", "it has no page"),
    ):
        assert flawed(check_pdf, good.replace(old, new)) == reason
    assert flawed(check_pdf, pdf(trailer=b" /Encrypt 5 0 R")) == "it is encrypted"
    assert flawed(check_pdf, pdf(trailer=b" /#45ncrypt 5 0 R")) == "it is encrypted"


@pytest.mark.parametrize(
    "repeated",
    [
        b"1 0 obj<</A(",
        b"obj%",
        b"obj<<>>%",
        b"obj<</First 4/Filter/FlateDecode>>stream\nx\x9c",
        b"obj<<" + b"[" * 50,
        b"/Java#53cript2 ",
        b"(((",
    ],
)
def test_a_file_that_is_made_to_take_long_does_not(repeated: bytes) -> None:
    """What is read twice is counted; the limit of time for a test would end it otherwise."""
    hostile = pdf(stream(repeated * (MOST // len(repeated))))
    tracemalloc.start()
    try:
        with contextlib.suppress(BadPdf):
            check_pdf(hostile)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * MOST
