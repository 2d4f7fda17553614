"""Carries jobs out with the official Python SDK, of whichever edition is found first."""

from __future__ import annotations

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.ssl.v20191205.ssl_client import SslClient

from tests.clients.jobs import Job, Outcome, carry_out


def call(job: Job) -> Outcome:
    """Make one call."""
    http = HttpProfile(
        protocol=job.protocol,
        endpoint=job.endpoint,
        reqMethod=job.method,
        certification=job.roots,
    )
    profile = ClientProfile(signMethod=job.sign or "TC3-HMAC-SHA256", httpProfile=http)
    profile.unsignedPayload = job.unsigned
    client = SslClient(Credential(job.secret_id, job.secret_key, job.token), job.region, profile)
    options = {"IsMultipart": job.multipart}
    try:
        reply = client.call_json(job.action, dict(job.parameters), options=options)
    except TencentCloudSDKException as error:
        return Outcome(code=error.code, message=error.message)
    return Outcome(reply=reply["Response"])


if __name__ == "__main__":
    carry_out(call)
