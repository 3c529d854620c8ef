# Usage: look-up.sh "0491 570 006"
: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
# --data-urlencode keeps the + of an international number.
curl -sS --fail-with-body -G "$KEYDESK_GATEWAY/v1/contacts/lookup" --data-urlencode "phone=$1" \
  -H "Authorization: Bearer $KEYDESK_KEY" |
  jq -r '.matches[] | "\(.contact.display_name) (\(.matched.how))"'
