"""Carries jobs out with `requests`, signed by the client `qcloud-requests-auth`."""

from __future__ import annotations

from typing import Any

import requests
from qcloud_requests_auth.qcloud_auth import QCloudRequestsAuth

from tests.clients.jobs import Job, Outcome, carry_out

SECONDS = 60


def call(job: Job) -> Outcome:
    """Make one call; parameters of a GET are flat already."""
    auth = QCloudRequestsAuth(
        qcloud_secret_id=job.secret_id,
        qcloud_secret_key=job.secret_key,
        qcloud_host=job.endpoint,
        qcloud_region=job.region,
        qcloud_service="ssl",
        qcloud_action=job.action,
        qcloud_apiversion="2019-12-05",
    )
    place: dict[str, Any] = {"params" if job.method == "GET" else "json": job.parameters}
    url = f"http://{job.endpoint}/"
    answer = requests.request(job.method, url, auth=auth, timeout=SECONDS, **place)
    reply = answer.json()["Response"]
    error = reply.get("Error")
    return Outcome(code=error["Code"], message=error["Message"]) if error else Outcome(reply=reply)


if __name__ == "__main__":
    carry_out(call)
