# Usage: wrap.sh CALL_ID
: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
curl -sS --fail-with-body -X PUT "$KEYDESK_GATEWAY/v1/calls/$1/wrap" \
  -H "Authorization: Bearer $KEYDESK_KEY" -H "Content-Type: application/json" \
  -d '{"code": "resolved", "comments": "Invoice explained.", "data": {"ticket": "4711"}}' |
  jq -r '"\(.code), revision \(.revision)"'
