# Usage: recording.sh RECORDING_ID
: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
known=$(curl -sS --fail-with-body "$KEYDESK_GATEWAY/v1/recordings/$1" -H "Authorization: Bearer $KEYDESK_KEY")
# -C - goes on where an earlier download was cut: it asks for the rest, with Range.
curl -sS --fail -C - -o "$1.wav" "$KEYDESK_GATEWAY/v1/recordings/$1/content" -H "Authorization: Bearer $KEYDESK_KEY"
echo "$(jq -r .sha256 <<< "$known")  $1.wav" | sha256sum --check
