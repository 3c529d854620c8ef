# Usage: token.sh QUEUE_ID https://shop.example
# A key that is bound to a site's origin is asked for it here, too.
: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
curl -sS --fail-with-body "$KEYDESK_GATEWAY/v1/live/tokens" -H "Authorization: Bearer $KEYDESK_KEY" \
  -H "Content-Type: application/json" -H "Origin: $2" -d "{\"queue_ids\": [\"$1\"], \"origin\": \"$2\", \"minutes\": 15}"
