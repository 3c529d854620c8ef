"""What calls are made with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from . import _stream
from ._retries import Retries
from ._transport import AsyncRetryTransport, KeyAuth, RetryTransport

if TYPE_CHECKING:
    from .contact_centre import AuthenticatedClient as ContactCentreClient
    from .management import AuthenticatedClient as ManagementClient

_TIMEOUT = 30.0


class _Base:
    _variable: str
    _default: str

    def __init__(
        self,
        base_url: str | None = None,
        key: str | None = None,
        *,
        retries: Retries | None = None,
        timeout: float = _TIMEOUT,
    ) -> None:
        key = key if key is not None else os.environ.get("KEYDESK_KEY", "")
        if not key:
            raise ValueError("no key: give one, or set KEYDESK_KEY")
        self.base_url = (base_url or os.environ.get(self._variable, self._default)).rstrip("/")
        self.retries = retries or Retries()
        self._auth = KeyAuth(key)
        self._sync = httpx.Client(
            base_url=self.base_url, auth=self._auth, timeout=timeout, transport=RetryTransport(self.retries)
        )
        self._async = httpx.AsyncClient(
            base_url=self.base_url, auth=self._auth, timeout=timeout, transport=AsyncRetryTransport(self.retries)
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def http(self) -> httpx.Client:
        """What calls are sent with, by their paths: for an answer that comes piece by piece, such as a table. Retries and refusals are
        the same, and nothing that is generated is needed. So it is with :meth:`get` and :meth:`pages`.
        """
        return self._sync

    def get(self, path: str, **query: str | int) -> Any:
        """What is at a path, as plain JSON."""
        return self._sync.get(path, params=query).json()

    def pages(self, path: str, **query: str | int) -> Iterator[Any]:
        """Each page of a list, as plain JSON, until there is no next one."""
        page = self.get(path, **query)
        yield page
        while page["next_cursor"] is not None:
            page = self.get(path, **{**query, "cursor": page["next_cursor"]})
            yield page

    async def ask(self, path: str, body: Any) -> Any:
        """What is answered to a question that is posted to a path, as plain JSON. For asyncio."""
        return (await self._async.post(path, json=body)).json()

    def close(self) -> None:
        """Closes its connections. Those of asyncio are closed by :meth:`aclose`."""
        self._sync.close()

    async def aclose(self) -> None:
        """Closes the connections of both kinds."""
        await self._async.aclose()
        self.close()


class Keydesk(_Base):
    """Keydesk itself, at ``KEYDESK_URL``: verify keys, manage them, read usage and audit log."""

    _variable = "KEYDESK_URL"
    _default = "http://127.0.0.1:3000"

    @property
    def client(self) -> ManagementClient:
        """For the calls in ``keydesk.management.api``. It has no key in it: that is added when a call is sent."""
        from .management import AuthenticatedClient  # Generated, so that a clone has it later than the layer.

        made = AuthenticatedClient(base_url=self.base_url, token="")
        return made.set_httpx_client(self._sync).set_async_httpx_client(self._async)


class ContactCentre(_Base):
    """The contact centre behind the gateway, at ``KEYDESK_GATEWAY``."""

    _variable = "KEYDESK_GATEWAY"
    _default = "http://127.0.0.1:8080"

    @property
    def client(self) -> ContactCentreClient:
        """For the calls in ``keydesk.contact_centre.api``. It has no key in it: that is added when a call is sent."""
        from .contact_centre import AuthenticatedClient  # Generated, so that a clone has it later than the layer.

        made = AuthenticatedClient(base_url=self.base_url, token="")
        return made.set_httpx_client(self._sync).set_async_httpx_client(self._async)

    def follow(
        self,
        feed: _stream.Feed,
        *,
        types: Sequence[str] = (),
        queue_ids: Sequence[str] = (),
        agent_ids: Sequence[str] = (),
        after: str | None = None,
    ) -> Iterator[_stream.Item]:
        """What happens, one thing after the other, without an end. When the connection breaks, or the server starts again, it goes on
        exactly after the last event; where that is not possible there is a :class:`Reset`, and a snapshot follows.
        """
        lists = {"types": types, "queue_ids": queue_ids, "agent_ids": agent_ids}
        params = {name: ",".join(values) for name, values in lists.items() if values}
        return _stream.follow(self.base_url, self._auth, self.retries, feed, params, after)
