"""Asking a desk whether a key may, proving names, and waiting for an answer that is to come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from certdesk.world.nameserver import NameServer
from tests.running import Client

SECONDS = 60
NOBODY = (
    "AuthFailure.SecretIdNotFound",
    "The SecretId is not found, please ensure that your SecretId is correct.",
)


def answers(client: Client, *, buying: bool = False) -> tuple[str, str] | None:
    """Look, or buy; give the refusal, or None where there is none."""
    try:
        client.buy() if buying else client.call("DescribeCompanies")
    except TencentCloudSDKException as error:
        return error.get_code(), error.get_message()
    return None


def becomes(wanted: object, ask: Callable[[], object]) -> None:
    """Wait until a question has the wanted answer."""
    until = time.monotonic() + SECONDS
    while (given := ask()) != wanted:
        assert time.monotonic() < until, given
        time.sleep(0.05)


def publish(names: NameServer, detail: dict[str, Any]) -> None:
    """Do what the DvAuthDetail of an order says."""
    for part in detail["DvAuthDetail"]["DvAuths"]:
        value, kind = part["DvAuthValue"], part["DvAuthVerifyType"]
        names.add(part["DvAuthKey"], kind, f"{value}." if kind == "CNAME" else value)
