# Usage: proxy-session.py AGENT_ID
import json
import os
import sys
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['KEYDESK_KEY']}"}


def ask(method, path, body=None, **more):
    data = None if body is None else json.dumps(body).encode()
    headers = {**HEADERS, "Content-Type": "application/json", **more}
    request = urllib.request.Request(f"{GATEWAY}{path}", method=method, data=data, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or "null")


agent = sys.argv[1]
session = ask("POST", "/v1/sessions/proxy", {"agent_id": agent, "minutes": 30})
try:
    # The session's token goes beside the key, not in its place.
    state = {"routing_state": "not_ready", "reason": "training"}
    changed = ask("PUT", f"/v1/agents/{agent}/state", state, **{"X-Proxy-Session": session["token"]})
    print(f"{changed['display_name']}: {changed['routing_state']}")
finally:
    ask("DELETE", f"/v1/sessions/proxy/{session['session_id']}")
