"""Certificates, CSRs, CRLs and OCSP: read, checked and built (RFC 5280, RFC 6960).

>>> from certdesk.domain.pki import csr
>>> from certdesk.domain.values import keys
>>> from certdesk.domain.values.names import DomainName
>>> from certdesk.domain.values.subject import Subject
>>> shop, www = map(DomainName.parse, ("shop.example.com", "www.shop.example.com"))
>>> text = csr.build(keys.generate(keys.KeyKind.P_256), shop, [www], Subject())
>>> request = csr.parse(text)
>>> request.key, request.dns_names
('ECC prime256v1', ('shop.example.com', 'www.shop.example.com'))
"""
