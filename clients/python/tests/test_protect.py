"""What a service in FastAPI answers. With the product behind it: end2end/tests/examples/protected-services.spec.ts."""

import asyncio
import functools
import json
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI

from keydesk import Caller, Keydesk, Retries
from keydesk._protect import MISSING, UNCLEAR, presented, refusal
from keydesk.fastapi import protect, refusals

CASES = json.loads((Path(__file__).parents[2] / "refusals.json").read_text())
ID = "0199c7a0-0000-7000-8000-000000000001"
GOOD = {"valid": True, "code": "VALID", "request_id": ID, "key_id": ID, "client_name": "Acme", "environment": "live", "scopes": ["a:b"]}


def as_told(answer: httpx.Response, _: httpx.Request) -> httpx.Response:
    return answer


class Rules(unittest.TestCase):
    def test_each_verdict_is_told_as_keydesk_tells_it(self) -> None:
        for case in CASES:
            told = refusal(case["verdict"])
            challenge = case["challenge"] and f'Bearer realm="keydesk", {case["challenge"]}'
            self.assertEqual((told.status, told.code, told.challenge), (case["status"], case["code"], challenge), case)
            self.assertEqual(told.retry_after, case["retry_after"], case)

    def test_one_key_is_taken_from_either_header(self) -> None:
        for authorization, x_api_key, expected in [
            (["Bearer k"], [], "k"),
            (["bearer  k "], [], "k"),
            ([], ["k"], "k"),
            (["Bearer k"], ["k"], "k"),
            (["Bearer a"], ["b"], UNCLEAR),
            (["Bearer a", "Bearer b"], [], UNCLEAR),
            (["Basic eDp5"], [" "], MISSING),
            ([], [], MISSING),
        ]:
            self.assertEqual(presented(authorization, x_api_key), expected, (authorization, x_api_key))


class Service(unittest.TestCase):
    def setUp(self) -> None:
        #: What Keydesk was asked.
        self.asked: list[dict[str, Any]] = []

    def test_whoever_is_let_in_is_named(self) -> None:
        answer = self.call(lambda _: httpx.Response(200, json=GOOD), {"X-API-Key": "k", "Origin": "https://a.example"})
        self.assertEqual((answer.status_code, answer.json()), (200, "Acme"))
        wanted = {"key": "k", "scopes": ["a:b"], "environment": "live", "ip": "203.0.113.9", "origin": "https://a.example"}
        self.assertEqual(self.asked, [wanted])

    def test_a_refusal_is_a_problem_document(self) -> None:
        verdict = {"valid": False, "code": "RATE_LIMITED", "request_id": ID, "retry_after_seconds": 7}
        answer = self.call(lambda _: httpx.Response(200, json=verdict), {"Authorization": "Bearer k"})
        self.assertEqual((answer.status_code, answer.headers["retry-after"]), (429, "7"))
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        document = answer.json()
        self.assertEqual((document["code"], document["status"], document["request_id"]), ("rate_limited", 429, ID))

    def test_without_a_key_keydesk_is_not_asked(self) -> None:
        answer = self.call(lambda _: httpx.Response(200, json=GOOD), {})
        self.assertEqual((answer.status_code, answer.json()["code"]), (401, "missing_key"))
        self.assertEqual(answer.headers["www-authenticate"], 'Bearer realm="keydesk"')
        self.assertEqual(self.asked, [])

    def test_without_the_handler_the_status_and_the_headers_are_the_same(self) -> None:
        answer = self.call(lambda _: httpx.Response(200, json=GOOD), {}, handled=False)
        self.assertEqual((answer.status_code, answer.headers["www-authenticate"]), (401, 'Bearer realm="keydesk"'))

    def test_whoever_can_not_be_checked_is_not_let_in(self) -> None:
        def lost(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadError("lost", request=request)

        elsewhere = httpx.Response(302, json=GOOD, headers={"location": "http://elsewhere"})
        answers = [httpx.Response(500, json=GOOD), elsewhere, httpx.Response(403, json={}), httpx.Response(200, text="<html>")]
        nonsense: list[Any] = [{}, [], None, "VALID", {"valid": True}, {"valid": False}]
        answers += [httpx.Response(200, json=one) for one in nonsense]
        for answer in [lost, *(functools.partial(as_told, one) for one in answers)]:
            with self.subTest(answer), self.assertLogs("keydesk", "WARNING") as logged:
                told = self.call(answer, {"Authorization": "Bearer secret"})
                self.assertEqual((told.status_code, told.headers["retry-after"]), (503, "1"))
                self.assertNotIn("secret", told.text + str(logged.output))

    def test_what_is_not_allowed_in_so_many_words_is_refused(self) -> None:
        for verdict in [GOOD | {"valid": "yes"}, GOOD | {"valid": False}, GOOD | {"code": "OF_A_LATER_RELEASE"}]:
            told = self.call(functools.partial(as_told, httpx.Response(200, json=verdict)), {"Authorization": "Bearer k"})
            self.assertEqual((told.status_code, told.json()["code"]), (401, "invalid_token"), verdict)

    def call(self, answer: Callable[[httpx.Request], httpx.Response], headers: dict[str, str], *, handled: bool = True) -> httpx.Response:
        """Calls a service whose Keydesk answers as it is told."""

        def keydesk_answers(request: httpx.Request) -> httpx.Response:
            self.asked.append(json.loads(request.content))
            return answer(request)

        async def called() -> httpx.Response:
            keydesk = Keydesk("http://x", "k0", retries=Retries(attempts=1))
            keydesk._async._transport._inner = httpx.MockTransport(keydesk_answers)  # type: ignore[attr-defined]
            app = FastAPI(exception_handlers=refusals if handled else {})

            @app.get("/")
            async def who(caller: Annotated[Caller, Depends(protect(keydesk, "a:b", environment="live"))]) -> str:
                return caller.client_name

            transport = httpx.ASGITransport(app, client=("203.0.113.9", 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                return await client.get("/", headers=headers)

        return asyncio.run(called())


if __name__ == "__main__":
    unittest.main()
