"""Whether somebody's call of a service of one's own may go ahead. ``keydesk.fastapi`` puts it in front of a service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import httpx

from ._clients import Keydesk
from ._errors import Refused

Environment = Literal["live", "test"]
#: How long Keydesk may take to decide, in seconds, tries included.
_WITHIN = 2.0
_log = logging.getLogger("keydesk")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls."""

    #: The key.
    key_id: str
    #: Whom it was made for.
    client_name: str
    #: Which data it reaches: ``live`` or ``test``.
    environment: str
    #: What it may do.
    scopes: Sequence[str]
    #: What a derived token is narrowed to: ids by their kind, such as ``queue``. The service has to keep to it. None: all that its key
    #: reaches.
    resources: Mapping[str, Sequence[str]] | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a caller who is not let through is told: the statuses and codes that Keydesk itself answers in front of an API."""

    status: int
    code: str
    title: str
    challenge: str | None = None
    retry_after: int | None = None
    request_id: str | None = None

    def headers(self) -> dict[str, str]:
        """The headers of the answer, beside its type."""
        headers = {"Cache-Control": "no-store"}
        if self.challenge is not None:
            headers["WWW-Authenticate"] = self.challenge
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return headers

    def document(self) -> dict[str, str | int]:
        """The body of the answer, a problem document (RFC 9457)."""
        document: dict[str, str | int] = {"type": "about:blank", "title": self.title, "status": self.status}
        document |= {"detail": self.title, "code": self.code}
        return document if self.request_id is None else document | {"request_id": self.request_id}


_REALM = 'Bearer realm="keydesk"'
MISSING = Refusal(401, "missing_key", "An API key is needed", challenge=_REALM)
UNCLEAR = Refusal(400, "invalid_request", "The headers name more than one API key")
#: Keydesk could not be asked. Nobody is let through meanwhile.
UNAVAILABLE = Refusal(503, "unavailable", "The API key can't be checked now", retry_after=1)
_INVALID = Refusal(401, "invalid_token", "The API key is not valid", challenge=f'{_REALM}, error="invalid_token"')
_FORBIDDEN = {
    "ENVIRONMENT_NOT_ALLOWED": "The API key is of another environment",
    "IP_NOT_ALLOWED": "The API key may not be used from this address",
    "ORIGIN_NOT_ALLOWED": "The API key may not be used from this origin",
}


def presented(authorization: Iterable[str], x_api_key: Iterable[str]) -> str | Refusal:
    """The one key of a call, in ``Authorization: Bearer`` or ``X-API-Key``."""
    keys = {key for key in [*map(_bearer, authorization), *map(str.strip, x_api_key)] if key}
    if not keys:
        return MISSING
    return keys.pop() if len(keys) == 1 else UNCLEAR


def _bearer(value: str) -> str:
    scheme, _, key = value.strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def decide(
    keydesk: Keydesk,
    key: str,
    scopes: Sequence[str],
    *,
    environment: Environment | None = None,
    ip: str | None = None,
    origin: str | None = None,
) -> Caller | Refusal:
    """Asks Keydesk. Whoever can't be checked is not let in."""
    given = {"environment": environment, "ip": ip, "origin": origin}
    call = {"key": key, "scopes": list(scopes)} | {name: value for name, value in given.items() if value is not None}
    try:
        async with asyncio.timeout(_WITHIN):
            return judged(await keydesk.ask("/api/v1/keys/verify", call))
    except (Refused, httpx.HTTPError, TimeoutError, LookupError, TypeError, ValueError) as error:
        # Neither the call nor its key stands in any of these.
        _log.warning("Keydesk could not be asked; a request was refused: %s %s", type(error).__name__, error)
        return UNAVAILABLE


def judged(verdict: Any) -> Caller | Refusal:
    """Who calls, or what they are told."""
    if verdict["valid"] is True and verdict["code"] == "VALID":
        who = (verdict["key_id"], verdict["client_name"], verdict["environment"], verdict["scopes"])
        return Caller(*who, resources=verdict.get("resources"))
    return replace(refusal(verdict), request_id=verdict.get("request_id"))


def refusal(verdict: Any) -> Refusal:
    """What is told of a verdict that lets nobody in."""
    code, wait = verdict["code"], verdict.get("retry_after_seconds")
    match code:
        case "ENVIRONMENT_NOT_ALLOWED" | "IP_NOT_ALLOWED" | "ORIGIN_NOT_ALLOWED":
            return Refusal(403, code.lower(), _FORBIDDEN[code])
        case "INSUFFICIENT_SCOPE":
            scopes = " ".join(verdict.get("missing_scopes", []))
            challenge = f'{_REALM}, error="insufficient_scope", scope="{scopes}"'
            return Refusal(403, "insufficient_scope", "The API key lacks a scope", challenge=challenge)
        case "RATE_LIMITED" | "QUOTA_EXCEEDED" if wait is None:
            return Refusal(403, "cost_exceeds_limit", "No waiting lets this call in")
        case "RATE_LIMITED" | "QUOTA_EXCEEDED":
            return Refusal(429, code.lower(), "Too many calls", retry_after=int(wait))
        # Keys that are unknown, over or switched off are told alike, and so is a reason that this version does not know.
        case _:
            return _INVALID
