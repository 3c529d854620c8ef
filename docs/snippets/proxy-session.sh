# Usage: proxy-session.sh AGENT_ID
: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
session=$(curl -sS --fail-with-body "$KEYDESK_GATEWAY/v1/sessions/proxy" \
  -H "Authorization: Bearer $KEYDESK_KEY" -H "Content-Type: application/json" \
  -d "{\"agent_id\": \"$1\", \"minutes\": 30}")

# The session's token goes beside the key, not in its place.
curl -sS --fail-with-body -X PUT "$KEYDESK_GATEWAY/v1/agents/$1/state" \
  -H "Authorization: Bearer $KEYDESK_KEY" -H "X-Proxy-Session: $(echo "$session" | jq -r .token)" \
  -H "Content-Type: application/json" -d '{"routing_state": "not_ready", "reason": "training"}' |
  jq -r '"\(.display_name): \(.routing_state)"'

curl -sS --fail-with-body -X DELETE "$KEYDESK_GATEWAY/v1/sessions/proxy/$(echo "$session" | jq -r .session_id)" \
  -H "Authorization: Bearer $KEYDESK_KEY"
