"""Letters: the formats and sizes that are accepted.

Sources: the vendor's pages of UploadConfirmLetter and UploadRevokeLetter, and its texts of the
errors. The first bytes of a file decide its format, whatever its name was, and the file has to be
complete: `pictures` and `pdf` say what that means.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import enum
from collections.abc import Callable

from certdesk.domain.errors import (
    ConfirmLetterTooLarge,
    ConfirmLetterTooSmall,
    InvalidConfirmLetterFormat,
    InvalidConfirmLetterFormatWosign,
    InvalidFileType,
    ServiceError,
)
from certdesk.domain.values.products import Product
from certdesk.domain.vetting.pdf import BadPdf, check_pdf
from certdesk.domain.vetting.pictures import BadPicture, check_gif, check_jpeg, check_png

CONFIRM, REVOKE = "confirm", "revoke"
"""The kinds of letters: one confirms an order, one asks to revoke a certificate."""

LEAST = 1024
MOST = 1_400 * 1024
"""The longest file in bytes: 1 KB to 1.4 MB are accepted."""

_BEGINNINGS = (
    (b"\xff\xd8\xff", "JPG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"%PDF-", "PDF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_CHECKS = {"JPG": check_jpeg, "PNG": check_png, "PDF": check_pdf, "GIF": check_gif}
_OF_WOTRUS = ("JPG", "PDF", "GIF")
_OF_OTHERS = ("JPG", "PNG", "PDF")
_WHITE = bytes(range(0x21))


class Flaw(enum.Enum):
    """What may be wrong with a letter."""

    TOO_LARGE = "too large"
    TOO_SMALL = "too small"
    FORMAT = "format"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The result for a letter: format and file, or else the flaw and the rule in words."""

    form: str = ""
    content: bytes = dataclasses.field(default=b"", repr=False)
    flaw: Flaw | None = None
    rule: str = ""


TOO_COSTLY = Examined(flaw=Flaw.FORMAT, rule="takes too long to read")
"""The result if a letter takes too long to examine."""

Examining = Callable[[str, tuple[str, ...]], Examined]
"""`examine`, in any process."""


def examine(text: str, forms: tuple[str, ...]) -> Examined:
    """Examine whether a text is a letter in base64, in one of `forms`.

    White space in the base64 is ignored. It may take seconds of CPU for hostile files: run it in a
    process that nothing else waits for.
    """
    try:
        content = base64.b64decode(text.encode().translate(None, _WHITE), validate=True)
    except binascii.Error:
        return Examined(flaw=Flaw.FORMAT, rule="is not base64")
    if not LEAST <= len(content) <= MOST:
        flaw = Flaw.TOO_LARGE if len(content) > MOST else Flaw.TOO_SMALL
        return Examined(flaw=flaw, rule=f"has {len(content)} bytes")
    form = next((form for begins, form in _BEGINNINGS if content.startswith(begins)), None)
    if form is None or form not in forms:
        found = f"is a {form} file" if form else "is not one of these file types"
        return Examined(flaw=Flaw.FORMAT, rule=found)
    try:
        _CHECKS[form](content)
    except (BadPicture, BadPdf) as bad:
        return Examined(flaw=Flaw.FORMAT, rule=f"is not a complete {form} file: {bad}")
    return Examined(form=form, content=content)


def examine_files(texts: list[str], forms: tuple[str, ...]) -> list[Examined]:
    """Examine several files, each as a letter."""
    return [examine(text, forms) for text in texts]


CONFIRMATION_FLAWS = (
    ConfirmLetterTooLarge,
    ConfirmLetterTooSmall,
    InvalidConfirmLetterFormat,
    InvalidConfirmLetterFormatWosign,
)
"""The errors of `read_letter`."""
REVOCATION_FLAWS = (ConfirmLetterTooLarge, ConfirmLetterTooSmall, InvalidFileType)
"""The errors of `read_revocation_letter`."""


def read_letter(text: str, product: Product, examining: Examining = examine) -> tuple[str, bytes]:
    """Return the format and the file of a letter in base64 that confirms an order of a product.

    Raises:
        ConfirmLetterTooLarge, ConfirmLetterTooSmall: the file is.
        InvalidConfirmLetterFormat, InvalidConfirmLetterFormatWosign: it is not base64, not in a
            format that the product's CA accepts, or not a complete file of its format.
    """
    wotrus = product.brand.startswith("WoTrus")
    wrong: type[ServiceError] = (
        InvalidConfirmLetterFormatWosign if wotrus else InvalidConfirmLetterFormat
    )
    forms = _OF_WOTRUS if wotrus else _OF_OTHERS
    return _taken("ConfirmLetter", examining(text, forms), wrong)


def read_revocation_letter(text: str, examining: Examining = examine) -> tuple[str, bytes]:
    """Return the format and the file of a letter in base64 that asks to revoke a certificate.

    Raises:
        ConfirmLetterTooLarge, ConfirmLetterTooSmall: the file is.
        InvalidFileType: it is not base64, not in an accepted format, or not a complete file of its
            format.
    """
    return _taken("RevokeLetter", examining(text, _OF_OTHERS), InvalidFileType)


def _taken(parameter: str, examined: Examined, wrong: type[ServiceError]) -> tuple[str, bytes]:
    if examined.flaw is None:
        return examined.form, examined.content
    error = {Flaw.TOO_LARGE: ConfirmLetterTooLarge, Flaw.TOO_SMALL: ConfirmLetterTooSmall}
    raise error.get(examined.flaw, wrong)(f"{parameter}: {examined.rule}.")
