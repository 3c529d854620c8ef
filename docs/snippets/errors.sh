# Usage: errors.sh /v1/metrics/summary
: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
status=$(curl -sS "$KEYDESK_GATEWAY$1" -H "Authorization: Bearer $KEYDESK_KEY" -o answer.json -w '%{http_code}')
if [ "$status" -ge 400 ]; then
  # Decide by the code, show people the detail, and keep the request's id for the administrator.
  jq -r '"\(.status) \(.code): \(.detail) (request \(.request_id))"' answer.json
fi
