: "${KEYDESK_GATEWAY:=http://127.0.0.1:8080}"
last="" event="" id="" data=""
while true; do
  while IFS= read -r line; do
    case $line in
      "event: "*) event=${line#event: } ;;
      "id: "*) id=${line#id: } ;;
      "data: "*) data=${line#data: } ;;
      "") # The empty line ends an event.
        if [ -n "$event" ]; then echo "$event $id"; fi
        # Here you work with "$data". Remember the id after that, not before.
        last=${id:-$last}
        event="" id="" data="" ;;
    esac
  done < <(curl -sSN --fail-with-body "$KEYDESK_GATEWAY/v1/stream/agent-states" -H "Authorization: Bearer $KEYDESK_KEY" \
    -H "Accept: text/event-stream" ${last:+-H "Last-Event-ID: $last"})
  event="" id="" data="" # What a cut has left half.
  sleep 2
done
