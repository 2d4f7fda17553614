"""How many tags a thing may have, and how long they may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from certdesk.domain.accounts.quotas import Quotas


def tags_faults(tags: Sequence[tuple[str, str]], quotas: Quotas) -> Iterator[str]:
    """Yield a sentence for each tag, or number of tags, over its limit, with the limit."""
    if len(tags) > quotas.tags:
        yield f"Tags: takes {quotas.tags} at most, not {len(tags)}."
        return
    for place, tag in enumerate(tags):
        for name, text, most in zip(
            ("TagKey", "TagValue"), tag, (quotas.tag_key, quotas.tag_value), strict=True
        ):
            if len(text) > most:
                yield f"Tags.{place}.{name}: takes {most} characters at most, not {len(text)}."
