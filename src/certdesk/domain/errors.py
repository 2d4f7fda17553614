"""The errors of the API, one class for each wire code, with the text that clients expect.

`text` is the recorded sentence (reference: the vendor's error lists); `%s` in it is replaced by
`subject`. If the vendor uses another sentence of the same code in some situation, the raise passes
it as `sentence`. `chinese` is the sentence of the mainland edition, if one is recorded. `detail`
follows and names parameter, rule and value. Nothing here knows HTTP.
"""

from __future__ import annotations

from typing import ClassVar

CONCEALED = "…"
"""The replacement in a message for a value that must not be in it."""

CHINESE = "zh-cn"
"""The language besides English in which sentences are recorded, in lower case."""


class ServiceError(Exception):
    """A refusal that a client is told about, with the code and message of the wire."""

    code: ClassVar[str] = ""
    text: ClassVar[str] = ""
    chinese: ClassVar[str] = ""
    known: ClassVar[dict[str, type[ServiceError]]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Require that each code has one class, with a sentence and a docstring.

        A subclass of that class is a case of its own with the same code.
        """
        super().__init_subclass__(**kwargs)
        if not cls.code or not cls.text or not cls.__doc__:
            msg = f"{cls.__name__} needs a code, a text and a docstring"
            raise TypeError(msg)
        owner = cls.known.setdefault(cls.code, cls)
        if not issubclass(cls, owner):
            msg = f"{cls.code} already belongs to {owner.__name__}"
            raise TypeError(msg)

    def __init__(
        self, detail: str = "", *, subject: str | tuple[str, ...] = "", sentence: str = ""
    ) -> None:
        """Compose the message: the recorded sentence, then `detail`.

        Several subjects replace one `%s` each.
        """
        self.detail = detail
        self.subject = subject
        subjects = [subject] if isinstance(subject, str) else list(subject)
        self.message, _ = _filled(sentence or self.text, subjects)
        self._chinese = ""
        if self.chinese and not sentence:
            recorded, rest = _filled(self.chinese, subjects)
            # A subject without a place in the sentence is added behind it, as in the English one.
            self._chinese = _followed(recorded, " ".join((*rest, detail)).strip(), "。")
        self.message = _followed(self.message, detail, ".")
        super().__init__(self.message)

    def in_language(self, language: str) -> str:
        """Return the message; for `zh-CN` it begins with the sentence in Chinese, if there is one.

        The detail is English in any language.
        """
        return self._chinese if self._chinese and language.lower() == CHINESE else self.message

    def conceal(self, value: str) -> None:
        """Remove a value from the message."""
        self.message = self.message.replace(value, CONCEALED)
        self._chinese = self._chinese.replace(value, CONCEALED)
        self.detail = self.detail.replace(value, CONCEALED)
        self.args = (self.message,)


def _filled(sentence: str, subjects: list[str]) -> tuple[str, list[str]]:
    """Replace one `%s` by each subject; return the sentence, and the other subjects quoted."""
    rest = []
    for value in subjects:
        if "%s" in sentence:
            sentence = sentence.replace("%s", value, 1)
        elif value:
            rest.append(f"`{value}`.")
    return sentence, rest


def _followed(sentence: str, detail: str, stop: str) -> str:
    if not detail:
        return sentence
    recorded = sentence.rstrip()
    return f"{recorded}{'' if recorded.endswith(stop) else stop} {detail}"


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
    chinese = "请求签名验证失败，请检查您的签名计算是否正确。"


class SignatureExpire(ServiceError):
    """The request's timestamp is more than five minutes from the server's clock."""

    code = "AuthFailure.SignatureExpire"
    text = "The signature is expired, please request again."


class SecretIdNotFound(ServiceError):
    """The key does not exist, or the key or its account is disabled."""

    code = "AuthFailure.SecretIdNotFound"
    text = "The SecretId is not found, please ensure that your SecretId is correct."


class TokenFailure(ServiceError):
    """The token of a temporary key is missing, wrong or expired, or a permanent key has one."""

    code = "AuthFailure.TokenFailure"
    text = "The token could not be validated."


class UnauthorizedOperation(ServiceError):
    """No policy of the user allows the action for anything, or for this certificate."""

    code = "AuthFailure.UnauthorizedOperation"
    text = (
        "You are not authorized to perform this operation. Check your CAM policies, and ensure "
        "that you are using the correct access keys."
    )
    chinese = "操作未授权。"


class MissingParameter(ServiceError):
    """A required parameter is absent or empty."""

    code = "MissingParameter"
    text = "The request is missing a required parameter `%s`."
    chinese = "缺少参数错误。"


class UnknownParameter(ServiceError):
    """The action has no parameter of that name."""

    code = "UnknownParameter"
    text = "The parameter `%s` is not recognized."
    chinese = "未知参数错误。"


class InvalidParameter(ServiceError):
    """A value has the wrong JSON type, or the body is not valid JSON."""

    code = "InvalidParameter"
    text = "The value type of parameter `%s` is not valid."
    chinese = "参数错误。"


class InvalidRequest(ServiceError):
    """The request is HTTP, but not in a form that the API reads."""

    code = "InvalidRequest"
    text = "The request is invalid."


class InvalidAction(ServiceError):
    """The action does not exist."""

    code = "InvalidAction"
    text = "The request `Action` is invalid or not found."


class UnsupportedOperation(ServiceError):
    """The vendor's service has the action, and this desk does not."""

    code = "UnsupportedOperation"
    text = "The operation is not supported."


class LimitExceeded(ServiceError):
    """The account would exceed a quota."""

    code = "LimitExceeded"
    text = "The quota is exceeded."


class ResponseSizeLimitExceeded(ServiceError):
    """The answer would be too long."""

    code = "ResponseSizeLimitExceeded"
    text = "The response exceeds the size limit."


class RequestLimitExceeded(ServiceError):
    """The account exceeds its rate limit for the action."""

    code = "RequestLimitExceeded"
    text = (
        "Your current request times equals to `%s` in a second, which exceeds the frequency limit "
        "`%s` for a second. Please reduce the frequency of calls."
    )
    chinese = "您当前每秒请求 `%s` 次，超过了每秒频率上限 `%s`，请稍后重试。"


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
    """The body is larger than the action allows."""

    code = "RequestSizeLimitExceeded"
    text = "The request size exceeds the limit."


class InternalError(ServiceError):
    """An unforeseen fault; the log has it under the RequestId."""

    code = "InternalError"
    text = (
        "An internal error has occurred. Retry your request, but if the problem persists, "
        "tell the operator of this desk its RequestId."
    )
    chinese = "内部服务错误，请稍后重试"


# --- the service's own refusals ---------------------------------------------------------------


class FailedOperation(ServiceError):
    """The request is right, but the desk cannot do it now."""

    code = "FailedOperation"
    text = "Operation failed."
    chinese = "操作失败。"


class AuthError(ServiceError):
    """The user's policies refuse this for the certificate, or an unverified account buys."""

    code = "FailedOperation.AuthError"
    text = "You do not have permission to perform this operation."
    chinese = "请检查是否有权限。"


class NoProjectPermission(ServiceError):
    """The user's policies refuse this in the certificate's project, or there is no such project."""

    code = "FailedOperation.NoProjectPermission"
    text = "You do not have the permission to operate on this project."
    chinese = "您没有该项目的操作权限。"


class NoRealNameAuth(ServiceError):
    """The account's identity has not been verified."""

    code = "FailedOperation.NoRealNameAuth"
    text = "You have not completed the identity verification."
    chinese = "尚未通过实名认证。"


class CertificateNotFound(ServiceError):
    """No certificate has that id, or it belongs to another account."""

    code = "FailedOperation.CertificateNotFound"
    text = "The certificate does not exist."
    chinese = "证书不存在。"


class InvalidParam(ServiceError):
    """A parameter's value breaks a rule of the action."""

    code = "FailedOperation.InvalidParam"
    text = "Incorrect parameters."
    chinese = "参数有误。"


class CertificateInfoSubmitContactEmailEmpty(ServiceError):
    """A personal order (CompanyType 1) came without ContactEmail."""

    code = "FailedOperation.CertificateInfoSubmitContactEmailEmpty"
    text = "Mailbox cannot be empty"
    chinese = "邮箱不能为空"


class CertificateInfoSubmitDomainInvalid(ServiceError):
    """CertCommonName or a member of DnsNames is not a domain name that can have a certificate."""

    code = "FailedOperation.CertificateInfoSubmitDomainInvalid"
    text = "The input domain name %s is in incorrect format. Please check and resubmit."
    chinese = "您输入的域名%s格式有误，请您核对后重新提交"


class CertificateInfoSubmitStatusInvalid(ServiceError):
    """The order is not in a status that takes material."""

    code = "FailedOperation.CertificateInfoSubmitStatusInvalid"
    text = "Certificate status does not allow submitting documentation."
    chinese = "当前证书状态不可以提交资料"


class CertificateOrderSubmitRootCAInvalid(ServiceError):
    """The root chosen by CaType is not one that the product has."""

    code = "FailedOperation.CertificateOrderSubmitRootCAInvalid"
    text = "The currently selected root certificate is invalid. Please reselect."
    chinese = "当前选择的根证书无效，请您重新选择"


class InvalidCertificateStatusCode(ServiceError):
    """The order's status forbids the step, or changed during the request."""

    code = "FailedOperation.InvalidCertificateStatusCode"
    text = "The certificate status is incorrect."
    chinese = "证书状态不正确。"


class RenewAlgorithmInvalid(ServiceError):
    """The desk makes no such key, or the reissue of a free certificate may not have one."""

    code = "InvalidParameter.RenewAlgorithmInvalid"
    text = "The algorithm is invalid."
    chinese = "算法无效。"


class InvalidParameterValue(ServiceError):
    """A value has the right type, but the action does not accept it."""

    code = "InvalidParameterValue"
    text = "Invalid parameter value."
    chinese = "参数取值错误。"


class ManagerNotFound(ServiceError):
    """No manager has that id, or it belongs to another account."""

    code = "ResourceNotFound.Manager"
    text = "The manager of the company does not exist."
    chinese = "公司管理人不存在。"


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


class PersonNotFound(ServiceError):
    """Nobody signs in to the console with that name, or it was ended (operator's commands only)."""

    code = "ResourceNotFound.Person"
    text = "There is no such login."


class PasskeyNotFound(ServiceError):
    """The person has no such passkey (console)."""

    code = "ResourceNotFound.Passkey"
    text = "There is no such passkey."


class ZoneNotFound(ServiceError):
    """The account has no such DNS zone (operator's commands only)."""

    code = "ResourceNotFound.Zone"
    text = "The DNS zone does not exist."


class ProjectNotFound(ServiceError):
    """No project has that id (operator's commands only)."""

    code = "ResourceNotFound.Project"
    text = "The project does not exist."


class CertificateInvalid(ServiceError):
    """The certificate cannot be used, or its key was blocked after the material came."""

    code = "FailedOperation.CertificateInvalid"
    text = "The certificate is invalid."
    chinese = "证书不符合标准。"


class CertificateParseError(ServiceError):
    """A text is not a readable certificate."""

    code = "FailedOperation.CertificateParseError"
    text = (
        "Parsing failed. check if the certificate meets the standard and pay attention to whether "
        "there are extra spaces."
    )
    chinese = "解析失败，请检查证书是否符合标准，请留意是否有多余的空格"


class CertificateCaError(ServiceError):
    """A certificate is not a CA certificate and should be."""

    code = "FailedOperation.CertificateCaError"
    text = (
        "Note: the uploaded certificate content does not conform to the standard format of ca "
        "certificates. please check whether the certificate type is incorrect."
    )
    chinese = "温馨提示：上传的证书内容不符合CA证书的标准格式，请您核对证书类型是否有误"


class CertificateChainError(ServiceError):
    """A certificate of a chain did not issue the one before it; the vendor's text is Chinese."""

    code = "FailedOperation.CertificateChainError"
    text = "The certificate chain is invalid. Please check each part of it."
    chinese = "温馨提示：证书链检测异常，请核对每段证书是否存在异常"


class CertificateEncryptInvalid(ServiceError):
    """A certificate uses SM2."""

    code = "FailedOperation.CertificateEncryptInvalid"
    text = (
        "The certificate is suspected to be an SM2 certificate and does not comply with the "
        "selected certificate standard. Please check whether the selected certificate standard "
        "and the content of the certificate are correct."
    )
    chinese = "证书内容疑似国密证书，与所选证书标准不符，请您核对选择的证书标准和证书内容是否有误"


class CertificateMatchError(ServiceError):
    """A private key belongs to another certificate."""

    code = "FailedOperation.CertificateMatchError"
    text = (
        "Note: the certificate content and private key do not match. please check (pay attention "
        "to whether there are extra spaces)."
    )
    chinese = "温馨提示：证书内容和私钥不匹配，请您核对（请留意是否有多余的空格）"


class MissMatchPrivateKey(ServiceError):
    """A private key is missing or unreadable."""

    code = "InvalidParameter.MissMatchPrivateKey"
    text = "There is no matching private key."
    chinese = "没有匹配的私钥。"


class CertificateOrderSubmitProcessing(ServiceError):
    """The order is already with the CA."""

    code = "FailedOperation.CertificateOrderSubmitProcessing"
    text = "Your order is being processed. Please wait patiently."
    chinese = "订单正在处理中，请您耐心等待"


class CertificateNotFoundOrCantCancel(ServiceError):
    """The certificate does not exist, or its review cannot be cancelled."""

    code = "FailedOperation.CertificateNotFoundOrCantCancel"
    text = "The certificate does not exist, or the review cannot be canceled."
    chinese = "该证书不存在或不可取消。"


class CertificateStatusNotAllowResubmit(ServiceError):
    """The order is not in a status from which it can be opened again."""

    code = "FailedOperation.CertificateStatusNotAllowResubmit"
    text = "You cannot re-submit a review application for a certificate in this status."
    chinese = "证书状态不允许重新申请。"


class CertificateStatusNotAllowVerify(ServiceError):
    """The order does not wait for the validation of its names."""

    code = "FailedOperation.CertificateStatusNotAllowVerify"
    text = "The certificate status does not allow domain name verification."
    chinese = "证书当前状态不允许进行域名验证。"


class CannotBeDeletedIssued(ServiceError):
    """The certificate is issued and has not expired."""

    code = "FailedOperation.CannotBeDeletedIssued"
    text = "Failed to delete the certificate because it has been issued."
    chinese = "该证书已颁发， 不能删除。"


class CannotBeDeletedWithinHour(ServiceError):
    """A free certificate was applied for less than an hour ago."""

    code = "FailedOperation.CannotBeDeletedWithinHour"
    text = "Free certificates cannot be deleted within 1 hour after being applied for."
    chinese = "免费证书申请1小时内不允许删除。"


class CertificateDownloadServiceTypeNotSupport(ServiceError):
    """The ServiceType does not exist, or the desk lacks what its files need."""

    code = "FailedOperation.CertificateDownloadServiceTypeNotSupport"
    text = "The service type is not supported for this download."
    chinese = "证书下载服务类型不支持。"


class CertificateNotAllowDownload(ServiceError):
    """The user's policies refuse the private key that would be among the files."""

    code = "FailedOperation.CertificateNotAllowDownload"
    text = "The certificate may not be downloaded."
    chinese = "该证书已设置成不允许下载。"


class CertificateStatusNotAllowDownload(ServiceError):
    """The certificate is not issued."""

    code = "FailedOperation.CertificateStatusNotAllowDownload"
    text = "The certificate status does not allow downloading."
    chinese = "当前证书状态不允许下载。"


class ExceedsFreeLimit(ServiceError):
    """The account already has `free.limit` free certificates.

    With new material: `free.per_domain` for one registrable domain.
    """

    code = "FailedOperation.ExceedsFreeLimit"
    text = "The number of free certificates exceeds the maximum value."
    chinese = "免费证书数量超出限制。"


class MainDomainCertificateCountLimit(ServiceError):
    """The account already has `free.per_domain` for this registrable domain."""

    code = "FailedOperation.MainDomainCertificateCountLimit"
    text = (
        "The number of free certificates applied for under the primary domain name (%s) has "
        "reached the upper limit of %s. Please purchase a paid certificate."
    )
    chinese = "该主域（%s）下申请的免费证书数量已达到%s个上限，请购买付费证书。"


class PackageNotFound(ServiceError):
    """The request names a benefit package, and the desk has none."""

    code = "FailedOperation.PackageNotFound"
    text = "The benefit package does not exist."
    chinese = "权益包不存在。"


class CertificateDomainMaxLengthInvalid(ServiceError):
    """The domain name has more than 64 characters."""

    code = "InvalidParameterValue.CertificateDomainMaxLengthInvalid"
    text = "The domain name is too long: it may have at most 64 characters."
    chinese = "证书域名过长： 域名不能超过64位，请您重新输入"


class CertificateEmailParseInvalid(ServiceError):
    """ContactEmail is not an e-mail address."""

    code = "InvalidParameterValue.CertificateEmailParseInvalid"
    text = "The e-mail address is in incorrect format."
    chinese = "邮箱格式有误，请您重新输入"


class CertificateSubmitHostingCertError(ServiceError):
    """The order is a successor that the desk made by itself; nobody else sends material for it."""

    code = "FailedOperation.CertificateSubmitHostingCertError"
    text = "Uploaded certificate managed renewal cannot submit order manually"
    chinese = "上传证书的托管续费证书不能手动提交订单"


class CertificatesNumberExceeded(ServiceError):
    """The request names too many certificates."""

    code = "InvalidParameter.CertificatesNumberExceeded"
    text = "Number of certificates exceed the limit."
    chinese = "证书数量超出限制。"


class OrderAlreadyReplaced(ServiceError):
    """The certificate was reissued, or its reissue is under way."""

    code = "FailedOperation.OrderAlreadyReplaced"
    text = "This order has already been replaced."
    chinese = "该订单已重签发。"


class OrderReplaceFailed(ServiceError):
    """The material of the original order is no longer accepted."""

    code = "FailedOperation.OrderReplaceFailed"
    text = "Failed to reissue a certificate."
    chinese = "重颁发失败。"


class RenewNotIssued(ServiceError):
    """A renewal or a reissue of it is under way."""

    code = "FailedOperation.RenewNotIssued"
    text = "Cannot perform deletion when the renewed cert has not been issued."
    chinese = "续费证书未颁发，无法执行删除操作。"


class InvalidCertificateSource(ServiceError):
    """The certificate was uploaded, so it has no order."""

    code = "FailedOperation.InvalidCertificateSource"
    text = "Certificate source error."
    chinese = "证书来源错误。"


class ConfirmLetterTooLarge(ServiceError):
    """A letter has more than 1.4 MB."""

    code = "FailedOperation.ConfirmLetterTooLarge"
    text = "The confirmation letter file cannot exceed 1.4 MB."
    chinese = "证书确认函文件过大（需小于1.4M）。"


class ConfirmLetterTooSmall(ServiceError):
    """A letter has less than 1 KB."""

    code = "FailedOperation.ConfirmLetterTooSmall"
    text = "The confirmation letter file cannot be smaller than 1 KB."
    chinese = "证书确认函文件过小（需大于1KB）。"


class InvalidFileType(ServiceError):
    """A letter of revocation has none of the accepted formats."""

    code = "FailedOperation.InvalidFileType"
    text = "The file type is invalid (JPG, JPEG, PNG, and PDF are supported)."
    chinese = "文件格式错误，请重新上传。"


class RevokeFailed(ServiceError):
    """A certificate cannot be revoked, because it has expired."""

    code = "FailedOperation.RevokeFailed"
    text = "Certificate revocation failed."
    chinese = "证书吊销失败。"


class InvalidConfirmLetterFormat(ServiceError):
    """A letter has none of the accepted formats."""

    code = "FailedOperation.InvalidConfirmLetterFormat"
    text = (
        "The format of the confirmation letter file is invalid (JPG, JPEG, PNG, and PDF are "
        "supported)."
    )
    chinese = "证书确认函格式错误（支持格式为jpg、jpeg、png、pdf）。"


class InvalidConfirmLetterFormatWosign(ServiceError):
    """A letter for a WoTrus product has none of the formats that its CA accepts."""

    code = "FailedOperation.InvalidConfirmLetterFormatWosign"
    text = (
        "The format of the confirmation letter file is invalid (JPG, PDF, and GIF are supported)."
    )
    chinese = "证书确认函格式错误（支持格式为jpg、pdf、gif）。"


class UploadConfirmCertificateNotSupportDV(ServiceError):
    """An order for a DV certificate needs no letter."""

    code = "FailedOperation.UploadConfirmCertificateNotSupportDV"
    text = "A DV certificate does not take a confirmation letter."
    chinese = "当前证书是DV证书，不支持上传确认函"


class IllegalManagerStatus(ServiceError):
    """The status of the manager does not allow a vetting."""

    code = "FailedOperation.IllegalManagerStatus"
    text = "The status of the company manager is invalid."
    chinese = "公司管理人状态错误。"


class ManagerCanNotDeleteCa(ServiceError):
    """Orders that name the manager are with the CA."""

    code = "FailedOperation.ManagerCanNotDeleteCa"
    text = "The manager information is submitted to a CA and cannot be deleted."
    chinese = "管理人信息已提交CA，不可以删除。"


class ManagerCanNotDeleteCert(ServiceError):
    """Orders name the manager."""

    code = "FailedOperation.ManagerCanNotDeleteCert"
    text = "The manager information belongs to a certificate and cannot be deleted."
    chinese = "管理人信息已关联证书，不可以删除。"


class ReviewNotFound(ServiceError):
    """Nothing with that id can be reviewed, or there is no letter (operator's commands only)."""

    code = "ResourceNotFound.Review"
    text = "There is nothing to be reviewed."


class ReviewChanged(InvalidParam):
    """What is to be decided about has changed; `members` are the paths of what changed."""

    def __init__(self, detail: str, members: tuple[str, ...]) -> None:
        """Keep the paths, for a page that has other words for them."""
        super().__init__(detail)
        self.members = members


class QuestionNotFound(ServiceError):
    """The account was asked no such question, or a policy forbids its answer (console only)."""

    code = "ResourceNotFound.Question"
    text = "There is no such question."


class PersonNeeded(ServiceError):
    """Work that needs the person's data is under way (operator's commands only)."""

    code = "FailedOperation.PersonNeeded"
    text = "Something still needs this person; nothing was erased."


class SignInRefused(ServiceError):
    """A name, a password, a code or a link is not the right one, or too many were not (console)."""

    code = "FailedOperation.SignInRefused"
    text = "You are not signed in."


class ProofNeeded(ServiceError):
    """The person has to give the password or a passkey again first (console)."""

    code = "FailedOperation.ProofNeeded"
    text = "Prove again who you are."


NOT_THERE: tuple[type[ServiceError], ...] = (
    CertificateNotFound,
    *(each for code, each in ServiceError.known.items() if code.startswith("ResourceNotFound.")),
)
"""The errors for things that an operator's action names and that do not exist."""
