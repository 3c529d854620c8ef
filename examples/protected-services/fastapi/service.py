"""Contacts, for keys that may read them: Keydesk decides. ``KEYDESK_KEY=... uvicorn service:app --port 8000``"""

from typing import Annotated

from fastapi import Depends, FastAPI
from keydesk import Caller, Keydesk
from keydesk.fastapi import protect, refusals

app = FastAPI(exception_handlers=refusals)
keydesk = Keydesk()  # At KEYDESK_URL, with KEYDESK_KEY, a key that has keys:verify.
may_read = protect(keydesk, "contacts:read", environment="live")


@app.get("/contacts")
async def contacts(caller: Annotated[Caller, Depends(may_read)]):
    return {"items": [], "key_id": caller.key_id}
