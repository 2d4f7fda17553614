"""Vetting: what people review before an order is issued or revoked, and its letters.

DV orders need no review; EV orders may need two people (`review.py`):

>>> from certdesk.domain.values.products import Level
>>> from certdesk.domain.vetting.review import needs_review, people_needed
>>> needs_review(Level.DV, vetted=False, four_eyes=True)
False
>>> needs_review(Level.EV, vetted=True, four_eyes=True)
True
>>> people_needed(Level.EV, four_eyes=True)
2
"""
