"""httpx transports that try again where that is safe, and raise what was refused."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Generator

import httpx

from ._errors import Refused, retry_after
from ._retries import Pace, Retries, is_named_by_server, is_repeatable


class KeyAuth(httpx.Auth):
    """The key of every request. It is not printed with the client."""

    def __init__(self, key: str) -> None:
        self._key = key.strip()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._key}"
        yield request


class _Tries:
    """The tries of one call."""

    def __init__(self, request: httpx.Request, retries: Retries, pace: Pace) -> None:
        if is_named_by_server(request) and "idempotency-key" not in request.headers:
            request.headers["Idempotency-Key"] = str(uuid.uuid4())
        self.request = request
        self._retries = retries
        self._pace = pace
        self._kind = Pace.kind(request)
        self._attempt = 0

    def before(self) -> float:
        """Seconds until the next try may go out."""
        self._attempt += 1
        left = self._pace.left(self._kind)
        return left if left <= self._retries.longest_wait else 0.0

    def after(self, response: httpx.Response | None, *, connected: bool = True) -> float | None:
        """Seconds until the next one; None: there is none."""
        status = None if response is None else response.status_code
        named = None if response is None else retry_after(response)
        if status == 429 and named is not None:
            self._pace.refused(self._kind, named)
        repeatable = is_repeatable(self.request)
        return self._retries.wait(
            self._attempt, status, named, repeatable=repeatable, connected=connected, random=random.random()
        )


class RetryTransport(httpx.BaseTransport):
    """Tries again, waits as it is told to, and raises :class:`Refused`."""

    def __init__(self, retries: Retries, inner: httpx.BaseTransport | None = None) -> None:
        self._retries = retries
        self._inner = inner or httpx.HTTPTransport()
        self._pace = Pace()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        tries = _Tries(request, self._retries, self._pace)
        request.read()
        while True:
            time.sleep(tries.before())
            try:
                response = self._inner.handle_request(request)
            except httpx.TransportError as error:
                wait = tries.after(None, connected=not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)))
                if wait is None:
                    raise
            else:
                if response.is_success:
                    return response
                response.read()
                response.close()
                wait = tries.after(response)
                if wait is None:
                    raise Refused.of(response)
            time.sleep(wait)

    def close(self) -> None:
        self._inner.close()


class AsyncRetryTransport(httpx.AsyncBaseTransport):
    """The same for asyncio."""

    def __init__(self, retries: Retries, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._retries = retries
        self._inner = inner or httpx.AsyncHTTPTransport()
        self._pace = Pace()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        tries = _Tries(request, self._retries, self._pace)
        await request.aread()
        while True:
            await asyncio.sleep(tries.before())
            try:
                response = await self._inner.handle_async_request(request)
            except httpx.TransportError as error:
                wait = tries.after(None, connected=not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)))
                if wait is None:
                    raise
            else:
                if response.is_success:
                    return response
                await response.aread()
                await response.aclose()
                wait = tries.after(response)
                if wait is None:
                    raise Refused.of(response)
            await asyncio.sleep(wait)

    async def aclose(self) -> None:
        await self._inner.aclose()
