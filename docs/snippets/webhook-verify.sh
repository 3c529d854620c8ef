# Usage: webhook-verify.sh SECRET WEBHOOK_ID WEBHOOK_TIMESTAMP WEBHOOK_SIGNATURE < body
# [show]
verify() { # secret, webhook-id, webhook-timestamp, webhook-signature, file of the body as it came
  key=$(printf '%s' "${1#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
  expected=$({ printf '%s.%s.' "$2" "$3"; cat "$5"; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
  age=$(($(date +%s) - $3))
  # Older or newer than five minutes: somebody may be playing back what they have heard.
  [ "${age#-}" -le 300 ] || return 1
  # There may be several, while a secret is being changed.
  case " $4 " in *" v1,$expected "*) return 0 ;; *) return 1 ;; esac
}
# [end]
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat > "$body"
if verify "$1" "$2" "$3" "$4" "$body"; then echo valid; else echo invalid; exit 1; fi
