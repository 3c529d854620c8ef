import os

import httpx
from fastapi import Depends, FastAPI, HTTPException, Request

keydesk = httpx.AsyncClient(base_url=os.environ.get("KEYDESK_URL", "http://127.0.0.1:3000"), timeout=2, trust_env=False)
asking = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}
STATUS = {"NOT_FOUND": 401, "REVOKED": 401, "DISABLED": 401, "EXPIRED": 401, "RATE_LIMITED": 429, "QUOTA_EXCEEDED": 429}


def allowed(scope: str):
    async def ask(request: Request):
        call = {"key": request.headers.get("authorization", "").removeprefix("Bearer "), "scopes": [scope], "environment": "live", "ip": request.client.host}
        try:
            verdict = (await keydesk.post("/api/v1/keys/verify", json=call, headers=asking)).raise_for_status().json()
            code, wait = verdict["code"], verdict.get("retry_after_seconds")
        except (httpx.HTTPError, LookupError, TypeError, ValueError):  # Whoever can't be checked is not let in.
            raise HTTPException(503, "Keys can't be checked at the moment", {"Retry-After": "5"})
        if verdict["valid"] is True and code == "VALID":
            return verdict
        status = STATUS.get(code, 403)
        if status == 429 and wait is None:  # No waiting helps.
            status = 403
        raise HTTPException(status, code, {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": str(wait)}}.get(status))

    return Depends(ask)


app = FastAPI()


@app.get("/contacts")
async def contacts(caller: dict = allowed("contacts:read")):
    return {"items": [], "client": caller["client_name"]}
