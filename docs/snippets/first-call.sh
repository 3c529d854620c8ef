: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
curl -sS --fail-with-body "$KEYDESK_GATEWAY/v1/sandbox" -H "Authorization: Bearer $KEYDESK_KEY"
