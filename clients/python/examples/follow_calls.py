"""Every call, as it happens, one line of JSON each. ``KEYDESK_KEY=... python follow_calls.py [LAST_EVENT_ID]``, with ``calls:read``."""

import json
import sys

from keydesk import ContactCentre, Event, Refused, Reset, Snapshot

with ContactCentre() as centre:
    try:
        for item in centre.follow("calls", after=sys.argv[1] if len(sys.argv) > 1 else None):
            match item:
                case Snapshot():
                    print(json.dumps({"kind": "snapshot", "calls": len(item.items)}), flush=True)
                case Event():
                    line = {"kind": "event", "type": item.type, "seq": item.seq, "subject": item.subject["id"]}
                    print(json.dumps(line | {"subject_seq": item.subject_seq, "id": item.last_event_id}), flush=True)
                case Reset():
                    print(json.dumps({"kind": "reset", "reason": item.reason}), flush=True)
    except Refused as refused:
        sys.exit(str(refused))
