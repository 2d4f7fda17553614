"""What can go wrong, one class a wire code; the text is what clients of the real service see.

`text` is the recorded sentence (reference: the vendor's error lists); `%s` in it is replaced by
`subject`. For some situations another sentence of the same code is recorded; it is given as
`sentence`. `detail` follows and names parameter, rule and value. Nothing here knows HTTP.
"""

from __future__ import annotations

from typing import ClassVar

CONCEALED = "…"
"""Stands in a message for a value that must not be there."""


class ServiceError(Exception):
    """A refusal that a client is told about, with the code and message of the wire."""

    code: ClassVar[str] = ""
    text: ClassVar[str] = ""
    known: ClassVar[dict[str, type[ServiceError]]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Keep one class a code, each with a sentence and a docstring."""
        super().__init_subclass__(**kwargs)
        if not cls.code or not cls.text or not cls.__doc__:
            msg = f"{cls.__name__} needs a code, a text and a docstring"
            raise TypeError(msg)
        if cls.code in cls.known:
            msg = f"{cls.code} already belongs to {cls.known[cls.code].__name__}"
            raise TypeError(msg)
        cls.known[cls.code] = cls

    def __init__(
        self, detail: str = "", *, subject: str | tuple[str, ...] = "", sentence: str = ""
    ) -> None:
        """Word the refusal: the recorded sentence, then `detail`.

        Several subjects stand in the place of one `%s` each.
        """
        self.detail = detail
        self.subject = subject
        self.message = sentence or self.text
        for value in (subject,) if isinstance(subject, str) else subject:
            self.message = self.message.replace("%s", value, 1)
        if detail:
            recorded = self.message.rstrip()
            self.message = f"{recorded}{'' if recorded.endswith('.') else '.'} {detail}"
        super().__init__(self.message)

    def conceal(self, value: str) -> None:
        """Take a value out of the message."""
        self.message = self.message.replace(value, CONCEALED)
        self.detail = self.detail.replace(value, CONCEALED)
        self.args = (self.message,)


# --- what every action may answer: the gateway's own refusals -------------------------------


class InvalidAuthorization(ServiceError):
    """The Authorization header is not one that the TC3 grammar allows."""

    code = "AuthFailure.InvalidAuthorization"
    text = "The request header `Authorization` is invalid."


class SignatureFailure(ServiceError):
    """The signature does not belong to this request."""

    code = "AuthFailure.SignatureFailure"
    text = (
        "The provided credentials could not be validated. Please check your signature is correct."
    )


class SignatureExpire(ServiceError):
    """The request's timestamp is more than five minutes from the server's clock."""

    code = "AuthFailure.SignatureExpire"
    text = "The signature is expired, please request again."


class SecretIdNotFound(ServiceError):
    """No such key, or it (or its account) is disabled."""

    code = "AuthFailure.SecretIdNotFound"
    text = "The SecretId is not found, please ensure that your SecretId is correct."


class TokenFailure(ServiceError):
    """The token of a temporary key is missing, not its own, or over; or another key has one."""

    code = "AuthFailure.TokenFailure"
    text = "The token could not be validated."


class UnauthorizedOperation(ServiceError):
    """No policy of the user allows the action for anything, or for this certificate."""

    code = "AuthFailure.UnauthorizedOperation"
    text = (
        "You are not authorized to perform this operation. Check your CAM policies, and ensure "
        "that you are using the correct access keys."
    )


class MissingParameter(ServiceError):
    """A required parameter is absent or empty."""

    code = "MissingParameter"
    text = "The request is missing a required parameter `%s`."


class UnknownParameter(ServiceError):
    """The action has no parameter of that name."""

    code = "UnknownParameter"
    text = "The parameter `%s` is not recognized."


class InvalidParameter(ServiceError):
    """A value has the wrong JSON type, or the body is not the JSON that it should be."""

    code = "InvalidParameter"
    text = "The value type of parameter `%s` is not valid."


class InvalidRequest(ServiceError):
    """The request is HTTP, but not in a form that the API reads."""

    code = "InvalidRequest"
    text = "The request is invalid."


class InvalidAction(ServiceError):
    """The catalog has no action of that name."""

    code = "InvalidAction"
    text = "The request `Action` is invalid or not found."


class UnsupportedOperation(ServiceError):
    """The vendor's service has the action, and this desk has not."""

    code = "UnsupportedOperation"
    text = "The operation is not supported."


class LimitExceeded(ServiceError):
    """The account has as much of something as it may have."""

    code = "LimitExceeded"
    text = "The quota is exceeded."


class ResponseSizeLimitExceeded(ServiceError):
    """The answer is longer than answers may be."""

    code = "ResponseSizeLimitExceeded"
    text = "The response exceeds the size limit."


class RequestLimitExceeded(ServiceError):
    """The account asks for the action more often in a second than its limit allows."""

    code = "RequestLimitExceeded"
    text = (
        "Your current request times equals to `%s` in a second, which exceeds the frequency limit "
        "`%s` for a second. Please reduce the frequency of calls."
    )


class NoSuchProduct(ServiceError):
    """The request is meant for another host than this desk."""

    code = "NoSuchProduct"
    text = "The product does not exist."


class NoSuchVersion(ServiceError):
    """The API version asked for is not 2019-12-05."""

    code = "NoSuchVersion"
    text = "The specified api version=`%s` does not exist in service=`ssl`. "


class UnsupportedProtocol(ServiceError):
    """The HTTP method is not one that the API answers."""

    code = "UnsupportedProtocol"
    text = "The request protocol is not supported."


class RequestSizeLimitExceeded(ServiceError):
    """The body is larger than the action takes."""

    code = "RequestSizeLimitExceeded"
    text = "The request size exceeds the limit."


class InternalError(ServiceError):
    """Something unforeseen; the RequestId finds it in the log."""

    code = "InternalError"
    text = (
        "An internal error has occurred. Retry your request, but if the problem persists, "
        "contact us with details by posting a message on the Tencent cloud forums."
    )


# --- the service's own refusals ---------------------------------------------------------------


class FailedOperation(ServiceError):
    """The request is right, but it cannot be carried out now."""

    code = "FailedOperation"
    text = "Operation failed."


class AuthError(ServiceError):
    """The user's policies refuse this for the certificate, or an unverified account buys."""

    code = "FailedOperation.AuthError"
    text = "You do not have permission to perform this operation."


class NoProjectPermission(ServiceError):
    """The user's policies refuse this in the certificate's project, or there is no such project."""

    code = "FailedOperation.NoProjectPermission"
    text = "You do not have the permission to operate on this project."


class NoRealNameAuth(ServiceError):
    """The account's identity has not been verified."""

    code = "FailedOperation.NoRealNameAuth"
    text = "You have not completed the identity verification."


class CertificateNotFound(ServiceError):
    """No certificate has that id, or it belongs to another account."""

    code = "FailedOperation.CertificateNotFound"
    text = "The certificate does not exist."


class InvalidParam(ServiceError):
    """A parameter's value breaks a rule of the action."""

    code = "FailedOperation.InvalidParam"
    text = "Incorrect parameters."


class CertificateInfoSubmitContactEmailEmpty(ServiceError):
    """A personal order (CompanyType 1) came without ContactEmail."""

    code = "FailedOperation.CertificateInfoSubmitContactEmailEmpty"
    text = "Mailbox cannot be empty"


class CertificateInfoSubmitDomainInvalid(ServiceError):
    """CertCommonName or a member of DnsNames is not a domain name that can be certified."""

    code = "FailedOperation.CertificateInfoSubmitDomainInvalid"
    text = "The input domain name %s is in incorrect format. Please check and resubmit."


class CertificateInfoSubmitStatusInvalid(ServiceError):
    """The order is not in a status that takes material."""

    code = "FailedOperation.CertificateInfoSubmitStatusInvalid"
    text = "Certificate status does not allow submitting documentation."


class CertificateOrderSubmitRootCAInvalid(ServiceError):
    """The root chosen by CaType is not one that the product has."""

    code = "FailedOperation.CertificateOrderSubmitRootCAInvalid"
    text = "The currently selected root certificate is invalid. Please reselect."


class InvalidCertificateStatusCode(ServiceError):
    """The order's status forbids the step, or changed while the request was being carried out."""

    code = "FailedOperation.InvalidCertificateStatusCode"
    text = "The certificate status is incorrect."


class RenewAlgorithmInvalid(ServiceError):
    """No such key can be made, or the reissue of a free certificate be for one."""

    code = "InvalidParameter.RenewAlgorithmInvalid"
    text = "The algorithm is invalid."


class InvalidParameterValue(ServiceError):
    """A value has the right type and is not one that the action takes."""

    code = "InvalidParameterValue"
    text = "Invalid parameter value."


class ManagerNotFound(ServiceError):
    """No manager has that id, or it belongs to another account."""

    code = "ResourceNotFound.Manager"
    text = "The manager of the company does not exist."


class CompanyNotFound(ServiceError):
    """No company has that id, or it belongs to another account (operator's commands only)."""

    code = "ResourceNotFound.Company"
    text = "The company does not exist."


class AccountNotFound(ServiceError):
    """No account has that Uin (operator's commands only)."""

    code = "ResourceNotFound.Account"
    text = "The account does not exist."


class UserNotFound(ServiceError):
    """No user has that id (operator's commands only)."""

    code = "ResourceNotFound.User"
    text = "The user does not exist."


class PolicyNotFound(ServiceError):
    """No policy has that id, or it belongs to another account (operator's commands only)."""

    code = "ResourceNotFound.Policy"
    text = "The policy does not exist."


class ZoneNotFound(ServiceError):
    """The account has no such DNS zone (operator's commands only)."""

    code = "ResourceNotFound.Zone"
    text = "The DNS zone does not exist."


class ProjectNotFound(ServiceError):
    """No project has that id (operator's commands only)."""

    code = "ResourceNotFound.Project"
    text = "The project does not exist."


class CertificateInvalid(ServiceError):
    """The certificate cannot be used, or its key was set aside since it was handed in."""

    code = "FailedOperation.CertificateInvalid"
    text = "The certificate is invalid."


class CertificateParseError(ServiceError):
    """A text is no certificate that can be read."""

    code = "FailedOperation.CertificateParseError"
    text = (
        "Parsing failed. check if the certificate meets the standard and pay attention to whether "
        "there are extra spaces."
    )


class CertificateCaError(ServiceError):
    """A certificate that should be a CA's is not."""

    code = "FailedOperation.CertificateCaError"
    text = (
        "Note: the uploaded certificate content does not conform to the standard format of ca "
        "certificates. please check whether the certificate type is incorrect."
    )


class CertificateChainError(ServiceError):
    """A certificate of a chain did not issue the one before it; the vendor's text is Chinese."""

    code = "FailedOperation.CertificateChainError"
    text = "The certificate chain is invalid. Please check each part of it."


class CertificateEncryptInvalid(ServiceError):
    """A certificate is of the SM2 standard."""

    code = "FailedOperation.CertificateEncryptInvalid"
    text = (
        "The certificate is suspected to be an SM2 certificate and does not comply with the "
        "selected certificate standard. Please check whether the selected certificate standard "
        "and the content of the certificate are correct."
    )


class CertificateMatchError(ServiceError):
    """A private key is that of another certificate."""

    code = "FailedOperation.CertificateMatchError"
    text = (
        "Note: the certificate content and private key do not match. please check (pay attention "
        "to whether there are extra spaces)."
    )


class MissMatchPrivateKey(ServiceError):
    """A private key is missing, or cannot be read."""

    code = "InvalidParameter.MissMatchPrivateKey"
    text = "There is no matching private key."


class CertificateOrderSubmitProcessing(ServiceError):
    """The order is with the CA already."""

    code = "FailedOperation.CertificateOrderSubmitProcessing"
    text = "Your order is being processed. Please wait patiently."


class CertificateNotFoundOrCantCancel(ServiceError):
    """There is no such certificate, or its review cannot be cancelled."""

    code = "FailedOperation.CertificateNotFoundOrCantCancel"
    text = "The certificate does not exist, or the review cannot be canceled."


class CertificateStatusNotAllowResubmit(ServiceError):
    """The order is not in a status from which it can be opened again."""

    code = "FailedOperation.CertificateStatusNotAllowResubmit"
    text = "You cannot re-submit a review application for a certificate in this status."


class CertificateStatusNotAllowVerify(ServiceError):
    """The order does not wait for proofs of its names."""

    code = "FailedOperation.CertificateStatusNotAllowVerify"
    text = "The certificate status does not allow domain name verification."


class CannotBeDeletedIssued(ServiceError):
    """The certificate is issued and still good."""

    code = "FailedOperation.CannotBeDeletedIssued"
    text = "Failed to delete the certificate because it has been issued."


class CannotBeDeletedWithinHour(ServiceError):
    """A free certificate was applied for less than an hour ago."""

    code = "FailedOperation.CannotBeDeletedWithinHour"
    text = "Free certificates cannot be deleted within 1 hour after being applied for."


class CertificateDownloadServiceTypeNotSupport(ServiceError):
    """There is no such ServiceType, or what its files need is not there."""

    code = "FailedOperation.CertificateDownloadServiceTypeNotSupport"
    text = "The service type is not supported for this download."


class CertificateNotAllowDownload(ServiceError):
    """The user's policies refuse the private key that would be among the files."""

    code = "FailedOperation.CertificateNotAllowDownload"
    text = "The certificate may not be downloaded."


class CertificateStatusNotAllowDownload(ServiceError):
    """The certificate is not issued."""

    code = "FailedOperation.CertificateStatusNotAllowDownload"
    text = "The certificate status does not allow downloading."


class ExceedsFreeLimit(ServiceError):
    """The account has as many free certificates as it may have (`free.limit`).

    Where material is handed in: for names of one registrable domain (`free.per_domain`).
    """

    code = "FailedOperation.ExceedsFreeLimit"
    text = "The number of free certificates exceeds the maximum value."


class MainDomainCertificateCountLimit(ServiceError):
    """It has as many as it may have of one registrable domain (`free.per_domain`)."""

    code = "FailedOperation.MainDomainCertificateCountLimit"
    text = (
        "The number of free certificates applied for under the primary domain name (%s) has "
        "reached the upper limit of %s. Please purchase a paid certificate."
    )


class PackageNotFound(ServiceError):
    """A benefit package is named; there are none."""

    code = "FailedOperation.PackageNotFound"
    text = "The benefit package does not exist."


class CertificateDomainMaxLengthInvalid(ServiceError):
    """The domain name has more than 64 characters."""

    code = "InvalidParameterValue.CertificateDomainMaxLengthInvalid"
    text = "The domain name is too long: it may have at most 64 characters."


class CertificateEmailParseInvalid(ServiceError):
    """ContactEmail is no e-mail address."""

    code = "InvalidParameterValue.CertificateEmailParseInvalid"
    text = "The e-mail address is in incorrect format."


class CertificateSubmitHostingCertError(ServiceError):
    """The order is a successor that the desk made by itself, and nobody else hands material in."""

    code = "FailedOperation.CertificateSubmitHostingCertError"
    text = "Uploaded certificate managed renewal cannot submit order manually"


class CertificatesNumberExceeded(ServiceError):
    """More certificates are named than an action takes."""

    code = "InvalidParameter.CertificatesNumberExceeded"
    text = "Number of certificates exceed the limit."


class OrderAlreadyReplaced(ServiceError):
    """The certificate was reissued, or its reissue is under way."""

    code = "FailedOperation.OrderAlreadyReplaced"
    text = "This order has already been replaced."


class OrderReplaceFailed(ServiceError):
    """What the original was ordered with does not do any more."""

    code = "FailedOperation.OrderReplaceFailed"
    text = "Failed to reissue a certificate."


class RenewNotIssued(ServiceError):
    """A renewal or a reissue of it is under way."""

    code = "FailedOperation.RenewNotIssued"
    text = "Cannot perform deletion when the renewed cert has not been issued."


class InvalidCertificateSource(ServiceError):
    """The certificate was uploaded, so there is no order behind it."""

    code = "FailedOperation.InvalidCertificateSource"
    text = "Certificate source error."


class ConfirmLetterTooLarge(ServiceError):
    """A letter has more than 1.4 MB."""

    code = "FailedOperation.ConfirmLetterTooLarge"
    text = "The confirmation letter file cannot exceed 1.4 MB."


class ConfirmLetterTooSmall(ServiceError):
    """A letter has less than 1 KB."""

    code = "FailedOperation.ConfirmLetterTooSmall"
    text = "The confirmation letter file cannot be smaller than 1 KB."


class InvalidFileType(ServiceError):
    """A letter of revocation is in none of the formats that are taken."""

    code = "FailedOperation.InvalidFileType"
    text = "The file type is invalid (JPG, JPEG, PNG, and PDF are supported)."


class RevokeFailed(ServiceError):
    """A certificate cannot be revoked, because it has ended."""

    code = "FailedOperation.RevokeFailed"
    text = "Certificate revocation failed."


class InvalidConfirmLetterFormat(ServiceError):
    """A letter is in none of the formats that are taken."""

    code = "FailedOperation.InvalidConfirmLetterFormat"
    text = (
        "The format of the confirmation letter file is invalid (JPG, JPEG, PNG, and PDF are "
        "supported)."
    )


class InvalidConfirmLetterFormatWosign(ServiceError):
    """A letter for a product of WoTrus is in none of the formats that its CA takes."""

    code = "FailedOperation.InvalidConfirmLetterFormatWosign"
    text = (
        "The format of the confirmation letter file is invalid (JPG, PDF, and GIF are supported)."
    )


class UploadConfirmCertificateNotSupportDV(ServiceError):
    """An order for a DV certificate takes no letter."""

    code = "FailedOperation.UploadConfirmCertificateNotSupportDV"
    text = "A DV certificate does not take a confirmation letter."


class IllegalManagerStatus(ServiceError):
    """A manager cannot be sent to be vetted as it stands."""

    code = "FailedOperation.IllegalManagerStatus"
    text = "The status of the company manager is invalid."


class ManagerCanNotDeleteCa(ServiceError):
    """Orders that name the manager are with the CA."""

    code = "FailedOperation.ManagerCanNotDeleteCa"
    text = "The manager information is submitted to a CA and cannot be deleted."


class ManagerCanNotDeleteCert(ServiceError):
    """Orders name the manager."""

    code = "FailedOperation.ManagerCanNotDeleteCert"
    text = "The manager information belongs to a certificate and cannot be deleted."


class ReviewNotFound(ServiceError):
    """Nothing of that id can be vetted, or no letter is there (operator's commands only)."""

    code = "ResourceNotFound.Review"
    text = "There is nothing to be reviewed."


class PersonNeeded(ServiceError):
    """Something of the person is under way and needs them (operator's commands only)."""

    code = "FailedOperation.PersonNeeded"
    text = "Something of this person is under way; nothing was erased."
