: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
ask() { curl -sS --fail-with-body -G "$KEYDESK_GATEWAY/v1/wraps" -d limit=500 -H "Authorization: Bearer $KEYDESK_KEY" "$@"; }

if [ -f wraps.cursor ]; then
  # What changed since the last run, until a page is empty.
  while page=$(ask -d "changed_since=$(cat wraps.cursor)") && [ "$(jq '.items | length' <<< "$page")" -gt 0 ]; do
    jq -r '.items[] | "\(.call_id) \(.code)"' <<< "$page"
    jq -r .changes_cursor <<< "$page" > wraps.cursor
  done
else
  # The first run reads everything. The changes_cursor of the first page misses nothing that changes meanwhile.
  page=$(ask)
  start=$(jq -r .changes_cursor <<< "$page")
  jq -r '.items[] | "\(.call_id) \(.code)"' <<< "$page"
  while next=$(jq -r '.next_cursor // empty' <<< "$page") && [ -n "$next" ]; do
    page=$(ask -d "cursor=$next")
    jq -r '.items[] | "\(.call_id) \(.code)"' <<< "$page"
  done
  echo "$start" > wraps.cursor
fi
