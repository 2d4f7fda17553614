"""Values with rules of their own: names, keys, texts, products, times.

A value is checked when it is made, so that other code can rely on it (`names.py`):

>>> from certdesk.domain.values.names import DomainName, DomainRefused
>>> DomainName.parse("Shop.Example.COM").ascii
'shop.example.com'
"""
