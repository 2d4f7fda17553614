"""The headers of every answer of the console, its content security policy among them."""

from __future__ import annotations

from collections.abc import Iterable

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # With `no-referrer`, browsers send the origin of a form as `null`; other sites get neither.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


HSTS = {"Strict-Transport-Security": "max-age=31536000"}
"""Behind a proxy that speaks https: browsers then use only https for this name for a year."""


def policy(nonce: str, forms_to: Iterable[str] = ()) -> str:
    """Return the content security policy of a page.

    `forms_to` are further origins that a form of the page may be sent or redirected to.
    """
    targets = " ".join(("'self'", *forms_to))
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; "
        f"img-src 'self' data:; connect-src 'self'; form-action {targets}; base-uri 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types htmx"
    )


SEALED_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
"""The policy of what is no page: it runs and loads nothing, wherever a browser shows it."""
