# Usage: call-make.sh 1001 "+61 491 570 156" lead-4711-attempt-1
: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
# Store the Idempotency-Key before you send: whoever sends it again gets the same call, not a second one.
curl -sS --fail-with-body "$KEYDESK_GATEWAY/v1/calls" -D headers.txt \
  -H "Authorization: Bearer $KEYDESK_KEY" -H "Content-Type: application/json" -H "Idempotency-Key: $3" \
  -d "{\"agent_extension\": \"$1\", \"to\": \"$2\"}" | jq -r '"\(.id) \(.state)"'
if grep -qi '^idempotency-replayed: true' headers.txt; then echo "sent before"; fi
