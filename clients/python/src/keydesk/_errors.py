"""Errors that Keydesk and the contact centre answer (RFC 9457)."""

from __future__ import annotations

from typing import Any

import httpx


class Refused(Exception):
    """A call that was refused. Decide by ``code``, which is stable; the message is for people."""

    def __init__(self, status: int, code: str, detail: str, request_id: str | None, retry_after: float | None) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        #: By which the call is found in logs, and explained by ``GET /api/v1/explain/{request_id}``.
        self.request_id = request_id
        #: Seconds: whoever waits as long is let in.
        self.retry_after = retry_after

    @classmethod
    def of(cls, response: httpx.Response) -> Refused:
        """From an answer that has been read."""
        said: Any = {}
        if response.headers.get("content-type", "").startswith("application/problem+json"):
            try:
                said = response.json()
            except ValueError:
                said = {}
        detail = said.get("detail") or response.text[:200]
        return cls(response.status_code, said.get("code", ""), detail, said.get("request_id"), retry_after(response))


def retry_after(response: httpx.Response) -> float | None:
    """``Retry-After`` in seconds, the only form that Keydesk sends."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None
