: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
curl -sS --fail-with-body -G "$KEYDESK_GATEWAY/v1/metrics/queues" -d queue=Sales -d length=15m -d basis=offered \
  -H "Authorization: Bearer $KEYDESK_KEY" |
  jq -r '.items[] | "\(.start) offered \(.offered_count), answered \(.answered_count), service level \(.service_level.answered_and_abandoned), final \(.final)"'
