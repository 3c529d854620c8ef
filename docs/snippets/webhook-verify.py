# Usage: webhook-verify.py SECRET WEBHOOK_ID WEBHOOK_TIMESTAMP WEBHOOK_SIGNATURE < body
import sys
# [show]
import base64
import hashlib
import hmac
import time


def verify(secret: str, id: str, timestamp: str, signatures: str, body: bytes) -> bool:
    """The headers webhook-id, webhook-timestamp, webhook-signature, and the body's bytes as they came."""
    # Older or newer than five minutes: somebody may be playing back what they have heard.
    if abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    # There may be several, while a secret is being changed.
    return any(hmac.compare_digest(expected, signature) for signature in signatures.split())
# [end]


if verify(*sys.argv[1:5], sys.stdin.buffer.read()):
    print("valid")
else:
    sys.exit("invalid")
