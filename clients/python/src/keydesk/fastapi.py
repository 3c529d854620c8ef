"""Lets in whom Keydesk lets in, in FastAPI::

    keydesk = Keydesk()  # KEYDESK_URL and KEYDESK_KEY, a key with keys:verify
    app = FastAPI(exception_handlers=refusals)

    @app.get("/contacts")
    async def contacts(caller: Annotated[Caller, Depends(protect(keydesk, "contacts:read"))]): ...

Needs FastAPI, which ``pip install keydesk-client[fastapi]`` brings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from ipaddress import IPv6Address, ip_address
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse

from ._clients import Keydesk
from ._protect import Caller, Environment, Refusal, decide, presented

__all__ = ["NotLetIn", "protect", "refusals"]


class NotLetIn(HTTPException):
    """A call that Keydesk does not let in. Without :data:`refusals` FastAPI answers it with the same status and headers, and less words."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status, refusal.title, refusal.headers())
        self.refusal = refusal


def protect(
    keydesk: Keydesk, *scopes: str, environment: Environment | None = None
) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency that lets a call through if it came with a key that Keydesk allows, and says who calls.

    The key needs all of ``scopes``; with ``environment`` it must be of that one, else keys of both are let in. Every call is asked for at
    Keydesk, with the address that it came from: behind a proxy that is what ``--forwarded-allow-ips`` makes of ``X-Forwarded-For``. When
    Keydesk can't be asked, or takes more than 2 s, the answer is 503 and nobody is let in.
    """

    async def caller(request: Request) -> Caller:
        headers = request.headers
        key = presented(headers.getlist("authorization"), headers.getlist("x-api-key"))
        if isinstance(key, Refusal):
            raise NotLetIn(key)
        origin = headers.get("origin")
        decided = await decide(keydesk, key, scopes, environment=environment, ip=_address(request), origin=origin)
        if isinstance(decided, Refusal):
            raise NotLetIn(decided)
        return decided

    return caller


async def _answer(_: Request, error: NotLetIn) -> Response:
    refusal = error.refusal
    document, headers = refusal.document(), refusal.headers()
    return JSONResponse(document, refusal.status, headers, media_type="application/problem+json")


#: For ``FastAPI(exception_handlers=refusals)``: refusals are answered by problem documents, as Keydesk's own are.
refusals: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {NotLetIn: _answer}


def _address(request: Request) -> str | None:
    """Where a request came from. Without it keys that are bound to addresses are refused."""
    try:
        address = ip_address(request.client.host.partition("%")[0] if request.client else "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
