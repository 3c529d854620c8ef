"""Whether a call is sent again, and when: a pure rule, and what is known of limits that were reached."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass

import httpx

_MAY_CHANGE = frozenset({408, 429, 502, 503, 504})
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
_ID = re.compile(r"/[0-9a-f]{8}-[0-9a-f-]{27}(?=/|$)")
_NAMED_BY_SERVER = re.compile(r"/v1/(?!data/|live/tokens$).*|/api/v1/keys|/api/v1/keys/[^/]+/rotate")
#: Most seconds that are added to a wait that the server has named.
_SPREAD = 0.5


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long a call is tried; times are seconds."""

    #: Tries of one call altogether; 1: it is never sent again.
    attempts: int = 4
    #: The first wait is at most this; each further one at most twice the one before.
    base: float = 0.25
    #: Where the server names no wait, none is longer than this.
    longest_backoff: float = 10.0
    #: A call whose ``Retry-After`` is longer than this is not waited for: its refusal is the result.
    longest_wait: float = 60.0

    def wait(
        self,
        attempt: int,
        status: int | None,
        retry_after: float | None,
        *,
        repeatable: bool,
        connected: bool,
        random: float,
    ) -> float | None:
        """Seconds until the next try; None where there must be none. ``status`` is None where there was no answer."""
        if attempt >= self.attempts:
            return None
        # A call that was sent and not answered may have been done. So may one that a server behind the gateway failed on.
        nothing_was_done = status == 429 or (status is None and not connected)
        if not repeatable and not nothing_was_done:
            return None
        not_ready_yet = status == 409 and retry_after is not None
        if status is not None and status not in _MAY_CHANGE and not not_ready_yet:
            return None
        if retry_after is None:
            return self.backoff(attempt, random)
        # Never sooner than was asked for, and not all at once.
        return retry_after + min(retry_after, _SPREAD) * random if retry_after <= self.longest_wait else None

    def backoff(self, attempt: int, random: float) -> float:
        """A wait that nobody has named."""
        return min(self.base * 2.0 ** min(attempt - 1, 30), self.longest_backoff) * (0.25 + 0.75 * random)


def is_repeatable(request: httpx.Request) -> bool:
    """Whether sending it twice is sending it once."""
    return request.method in _IDEMPOTENT or "idempotency-key" in request.headers


def is_named_by_server(request: httpx.Request) -> bool:
    """Whether the server does it once for one ``Idempotency-Key``."""
    return request.method == "POST" and _NAMED_BY_SERVER.fullmatch(request.url.path) is not None


class Pace:
    """From when on calls of one kind may go out again. Limits may be for some scopes, so one kind holds up no other."""

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    @staticmethod
    def kind(request: httpx.Request) -> str:
        return f"{request.method} {_ID.sub('', request.url.path)}"

    def refused(self, kind: str, seconds: float) -> None:
        now = time.monotonic()
        with self._lock:
            self._ends = {other: end for other, end in self._ends.items() if end > now}
            self._ends[kind] = max(self._ends.get(kind, 0.0), now + seconds)

    def left(self, kind: str) -> float:
        with self._lock:
            return max(0.0, self._ends.get(kind, 0.0) - time.monotonic())
