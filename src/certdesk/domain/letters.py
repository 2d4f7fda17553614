"""Letters: in which formats and sizes they are taken.

Sources: the vendor's pages of UploadConfirmLetter and UploadRevokeLetter, and its texts of the
errors. A format is told by the first bytes of a file, whatever its name was, and the file has to be
a whole one of that format: `pictures` and `pdf` say what that means.
"""

from __future__ import annotations

import base64
import binascii

from certdesk.domain.errors import (
    ConfirmLetterTooLarge,
    ConfirmLetterTooSmall,
    InvalidConfirmLetterFormat,
    InvalidConfirmLetterFormatWosign,
    InvalidFileType,
    ServiceError,
)
from certdesk.domain.pdf import BadPdf, check_pdf
from certdesk.domain.pictures import BadPicture, check_gif, check_jpeg, check_png
from certdesk.domain.products import Product

CONFIRM, REVOKE = "confirm", "revoke"
"""The kinds of letters: one confirms an order, one asks to revoke a certificate."""

LEAST = 1024
MOST = 1_400 * 1024
"""Bytes of a file: 1 KB to 1.4 MB."""

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


def read_letter(text: str, product: Product) -> tuple[str, bytes]:
    """Read a letter that confirms an order of a product from base64; give format and file.

    White space in the base64 is passed over.

    Raises:
        ConfirmLetterTooLarge, ConfirmLetterTooSmall: the file is.
        InvalidConfirmLetterFormat, InvalidConfirmLetterFormatWosign: it is not base64, in none of
            the formats that the product's CA takes, or no whole file of its format.
    """
    wotrus = product.brand.startswith("WoTrus")
    wrong: type[ServiceError] = (
        InvalidConfirmLetterFormatWosign if wotrus else InvalidConfirmLetterFormat
    )
    return _read("ConfirmLetter", text, _OF_WOTRUS if wotrus else _OF_OTHERS, wrong)


def read_revocation_letter(text: str) -> tuple[str, bytes]:
    """Read a letter that asks to revoke a certificate from base64; give format and file.

    Raises:
        ConfirmLetterTooLarge, ConfirmLetterTooSmall: the file is.
        InvalidFileType: it is not base64, in none of the formats that are taken, or no whole file
            of its format.
    """
    return _read("RevokeLetter", text, _OF_OTHERS, InvalidFileType)


def _read(
    parameter: str, text: str, forms: tuple[str, ...], wrong: type[ServiceError]
) -> tuple[str, bytes]:
    try:
        content = base64.b64decode(text.encode().translate(None, _WHITE), validate=True)
    except binascii.Error:
        raise wrong(f"{parameter}: is not base64.") from None
    if len(content) > MOST:
        raise ConfirmLetterTooLarge(f"{parameter}: has {len(content)} bytes.")
    if len(content) < LEAST:
        raise ConfirmLetterTooSmall(f"{parameter}: has {len(content)} bytes.")
    form = next((form for begins, form in _BEGINNINGS if content.startswith(begins)), None)
    if form is None or form not in forms:
        found = f"is a {form} file" if form else "begins like no file of these"
        raise wrong(f"{parameter}: {found}.")
    try:
        _CHECKS[form](content)
    except (BadPicture, BadPdf) as bad:
        raise wrong(f"{parameter}: is no {form} file to go by: {bad}.") from None
    return form, content
