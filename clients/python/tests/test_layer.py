"""The rules of the hand-written layer. What needs the product is in end2end/tests/examples/clients.spec.ts."""

import json
import unittest
from pathlib import Path

import httpx

from keydesk import ContactCentre, Refused, Retries
from keydesk._retries import Pace, is_named_by_server, is_repeatable
from keydesk._stream import _lines, frames
from keydesk._transport import KeyAuth, RetryTransport

CASES = json.loads((Path(__file__).parents[2] / "retries.json").read_text())
ID = "0199c7a0-0000-7000-8000-000000000001"


class Rules(unittest.TestCase):
    def test_a_call_is_sent_again_where_the_table_says_so(self) -> None:
        retries = Retries()
        for case in CASES:
            asked = (case["attempt"], case["status"], case["retry_after"])
            how = {"repeatable": case["repeatable"], "connected": case["connected"]}
            least, most = (retries.wait(*asked, **how, random=random) for random in (0.0, 1.0))
            match case["wait"]:
                case None:
                    self.assertEqual((least, most), (None, None), case)
                case "backoff":
                    self.assertTrue(0 < least < most <= retries.longest_backoff, case)
                case seconds:
                    self.assertEqual(least, seconds, case)
                    self.assertTrue(seconds < most <= seconds + 0.5, case)

    def test_waits_are_bounded(self) -> None:
        self.assertEqual(Retries().backoff(10_000, 1.0), 10.0)

    def test_only_what_the_server_keeps_under_a_name_gets_one(self) -> None:
        for path, named in {
            "/v1/calls": True,
            f"/v1/calls/{ID}/hangup": True,
            "/v1/data/contacts": False,
            "/v1/live/tokens": False,
            "/api/v1/keys": True,
            f"/api/v1/keys/{ID}/rotate": True,
            "/api/v1/keys/verify": False,
        }.items():
            request = httpx.Request("POST", f"http://x{path}")
            self.assertEqual(is_named_by_server(request), named, path)
            self.assertFalse(is_repeatable(request))

    def test_one_kind_of_call_holds_up_no_other(self) -> None:
        pace = Pace()
        pace.refused(Pace.kind(httpx.Request("GET", f"http://x/v1/calls/{ID}/wrap")), 60)
        self.assertGreater(pace.left("GET /v1/calls/wrap"), 59)
        self.assertEqual(pace.left("GET /v1/contacts"), 0)


class Tries(unittest.TestCase):
    def test_a_lost_answer_to_a_call_with_a_name_is_asked_for_again_under_the_same_name(self) -> None:
        names: list[str] = []

        def lose_the_first(request: httpx.Request) -> httpx.Response:
            names.append(request.headers["idempotency-key"])
            if len(names) == 1:
                raise httpx.ReadError("lost", request=request)
            return httpx.Response(202, json={})

        with self.client(lose_the_first) as client:
            self.assertEqual(client.post("/v1/calls", json={}).status_code, 202)
        self.assertEqual(len(names), 2)
        self.assertEqual(names[0], names[1])

    def test_a_lost_answer_to_a_call_without_a_name_is_told(self) -> None:
        tries = 0

        def lose(request: httpx.Request) -> httpx.Response:
            nonlocal tries
            tries += 1
            raise httpx.ReadError("lost", request=request)

        with self.client(lose) as client, self.assertRaises(httpx.ReadError):
            client.post("/api/v1/keys/verify", json={})
        self.assertEqual(tries, 1)

    def test_a_refusal_is_raised_with_its_code(self) -> None:
        problem = {"code": "wrong_state", "detail": "It is closed.", "request_id": ID}

        def refuse(_: httpx.Request) -> httpx.Response:
            return httpx.Response(409, json=problem, headers={"content-type": "application/problem+json"})

        with self.client(refuse) as client, self.assertRaises(Refused) as raised:
            client.get("/v1/calls")
        self.assertEqual((raised.exception.code, raised.exception.request_id), ("wrong_state", ID))

    def test_pages_are_read_until_there_is_no_next_one(self) -> None:
        asked: list[str] = []

        def page(request: httpx.Request) -> httpx.Response:
            asked.append(request.url.query.decode())
            return httpx.Response(200, json={"items": [len(asked)], "next_cursor": "b" if len(asked) == 1 else None})

        with ContactCentre("http://x", "k") as centre:
            centre.http._transport = httpx.MockTransport(page)
            self.assertEqual([one["items"] for one in centre.pages("/v1/calls", limit=1)], [[1], [2]])
        self.assertEqual(asked, ["limit=1", "limit=1&cursor=b"])

    def client(self, answer: object) -> httpx.Client:
        transport = RetryTransport(Retries(base=0.001), httpx.MockTransport(answer))  # type: ignore[arg-type]
        return httpx.Client(base_url="http://x", auth=KeyAuth("k"), transport=transport)


class Streams(unittest.TestCase):
    def test_events_are_the_same_in_whatever_pieces_they_come(self) -> None:
        text = b':hb\n\nid: k3-7\r\nevent: call.ended\r\ndata: {"a":\r\ndata: 1}\r\n\r\nevent: no\n\ndata:\xc3\xa9\xe2\x80\xa8\n\n'
        for size in range(1, len(text) + 1):
            pieces = [text[at : at + size] for at in range(0, len(text), size)]
            found = [(frame.id, frame.type, frame.data) for frame in frames(_lines(pieces))]
            self.assertEqual(found, [("k3-7", "call.ended", '{"a":\n1}'), (None, "", "é\u2028")], size)


if __name__ == "__main__":
    unittest.main()
