"""What pkilint makes of a certificate or a CRL, by the rules for public CAs."""

from __future__ import annotations

import enum

from pkilint import finding_filter, loader, pkix
from pkilint.cabf import cabf_crl, serverauth
from pkilint.cabf.serverauth.serverauth_constants import CertificateType
from pkilint.pkix import certificate, crl, extension, name
from pkilint.pkix.crl import CertificateRevocationListType
from pkilint.validation import ValidationFindingSeverity, ValidationResult

LEAF = {
    "DV": CertificateType.DV_FINAL_CERTIFICATE,
    "OV": CertificateType.OV_FINAL_CERTIFICATE,
    "EV": CertificateType.EV_FINAL_CERTIFICATE,
}


class CaKind(enum.Enum):
    """The linter's words for the kinds of authority."""

    ROOT = CertificateType.ROOT_CA
    CROSS = CertificateType.INTERNAL_CROSS_CA
    ISSUING = CertificateType.INTERNAL_UNCONSTRAINED_TLS_CA


def leaf_errors(der: bytes, level: str) -> list[str]:
    """Give what is wrong with a server's certificate of a level, such as `DV`."""
    return certificate_errors(der, LEAF[level])


def certificate_errors(der: bytes, kind: CertificateType) -> list[str]:
    """Give what is wrong with a certificate of a kind: what breaks a MUST."""
    load = loader.RFC5280CertificateDocumentLoader().load_der_document
    read = load(der, "certificate")
    linter = certificate.create_pkix_certificate_validator_container(
        serverauth.create_decoding_validators(),
        serverauth.create_validators(kind),
    )
    results, _ = finding_filter.filter_results(
        serverauth.create_serverauth_finding_filters(kind), linter.validate(read.root)
    )
    return _errors(results)


def crl_errors(der: bytes, *, of_authorities: bool) -> list[str]:
    """Give what is wrong with a CRL; that of a root is one `of_authorities`."""
    kinds = CertificateRevocationListType
    kind = kinds.ARL if of_authorities else kinds.CRL
    linter = crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container(
                [cabf_crl.create_validity_period_validator(kind)]
            ),
            crl.create_extensions_validator_container([]),
            cabf_crl.CabfCrlReasonCodeAllowlistValidator(kind),
        ],
    )
    load = loader.RFC5280CertificateListDocumentLoader().load_der_document
    return _errors(linter.validate(load(der, "crl").root))


def _errors(results: list[ValidationResult]) -> list[str]:
    return [
        f"{found.finding.code} at {result.node.path}: {found.message}"
        for result in results
        for found in result.finding_descriptions
        if found.finding.severity <= ValidationFindingSeverity.ERROR
    ]
