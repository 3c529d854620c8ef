: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
# Yesterday, in UTC. On macOS: date -u -v-1d +%F
from=$(date -u -d yesterday +%F)T00:00:00Z
to=$(date -u +%F)T00:00:00Z
# The number of rows comes after the last of them, in a trailer: without it the transfer was cut.
curl -sS --fail -G "$KEYDESK_GATEWAY/v1/data/calls" -d format=parquet -d "from=$from" -d "to=$to" \
  -H "Authorization: Bearer $KEYDESK_KEY" -H "TE: trailers" -D headers.txt -o calls.parquet
grep -i '^x-row-count:' headers.txt
