"""What happens in the contact centre, as it happens, across broken connections and restarts."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from ._errors import Refused, retry_after
from ._retries import Retries
from ._transport import KeyAuth

Feed = Literal["agent-states", "calls", "queues"]
#: The server sends at least a comment every 15 s; three of them don't get lost.
_SILENT = 45.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What holds at one place of the log: forget what you knew."""

    cursor: str
    items: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened. ``id`` and ``subject_seq`` are None where it tells what holds."""

    id: str | None
    type: str
    epoch: str
    seq: int
    timestamp: str
    subject: dict[str, str]
    subject_seq: int | None
    data: dict[str, Any]
    #: Keep it with what you keep of the event, and give it to ``follow(after=...)`` when the program starts again.
    last_event_id: str | None


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """All that had happened meanwhile was told."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Something can't be told any more; a snapshot follows."""

    reason: str


#: There may be more kinds one day: ignore those that you don't know.
Item = Snapshot | Event | CaughtUp | Reset


@dataclass(slots=True)
class _Frame:
    id: str | None = None
    type: str = ""
    data: str | None = None


def frames(lines: Iterable[str]) -> Iterator[_Frame]:
    """Server-sent events (WHATWG HTML, 9.2.6), from their lines."""
    frame = _Frame()
    for line in lines:
        if line == "":
            if frame.data is not None:
                yield frame
            frame = _Frame()
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            frame.data = value if frame.data is None else f"{frame.data}\n{value}"
        elif field == "event":
            frame.type = value
        elif field == "id" and "\0" not in value:
            frame.id = value


def follow(
    base_url: str,
    auth: KeyAuth,
    retries: Retries,
    feed: Feed,
    params: dict[str, str],
    after: str | None,
    transport: httpx.BaseTransport | None = None,
) -> Iterator[Item]:
    """Without an end. Raises :class:`Refused` where it is refused for good: the key has ended, or lacks the right."""
    last = after
    failed = 0
    timeout = httpx.Timeout(30.0, read=_SILENT)
    with httpx.Client(base_url=base_url, auth=auth, timeout=timeout, transport=transport) as client:
        while True:
            named: float | None = None
            headers = {"Accept": "text/event-stream"} | ({} if last is None else {"Last-Event-ID": last})
            try:
                with client.stream("GET", f"/v1/stream/{feed}", params=params, headers=headers) as response:
                    if not response.is_success:
                        response.read()
                        named = retry_after(response)
                        if response.status_code not in (408, 429) and response.status_code < 500:
                            raise Refused.of(response)
                    else:
                        for frame in frames(_lines(response.iter_bytes())):
                            failed = 0
                            item, last = _told(frame, last)
                            if item is not None:
                                yield item
            except httpx.TransportError:
                # It broke, or nobody answers: the last id says where to go on.
                pass
            failed += 1
            time.sleep((named or 0.0) + retries.backoff(failed, random.random()))


def _told(frame: _Frame, last: str | None) -> tuple[Item | None, str | None]:
    """What a frame tells, and the place after it."""
    said = json.loads(frame.data or "null")
    last = frame.id if frame.id is not None else last
    match frame.type:
        case "stream.snapshot":
            return Snapshot(said["cursor"], said["items"]), last
        case "stream.caught_up":
            return CaughtUp(), last
        case "stream.reset" if said["reason"] == "slow_consumer":
            # The stream ends, and nothing is lost for whoever comes back with the last id.
            return None, last
        case "stream.reset":
            return Reset(said["reason"]), None
        case kind if kind.startswith("stream."):
            return None, last
    event = Event(
        said.get("id"),
        said["type"],
        said["epoch"],
        said["seq"],
        said["timestamp"],
        said["subject"],
        said.get("subject_seq"),
        said["data"],
        last,
    )
    return event, last


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Lines as streams end them: by a line feed, with or without a carriage return. Text may have other line separators in it."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
