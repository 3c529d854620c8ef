: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
# curl waits as long as Retry-After says, at most 5 times. Add --retry-all-errors only where a repeat does no harm.
for try in 1 2 3; do
  curl -sS --fail --retry 5 "$KEYDESK_GATEWAY/v1/queues?limit=1" -H "Authorization: Bearer $KEYDESK_KEY" -o queues.json
  echo "answered"
done
