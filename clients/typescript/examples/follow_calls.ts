// Every call, as it happens, one line of JSON each. `KEYDESK_KEY=... node follow_calls.js [LAST_EVENT_ID]`, with `calls:read`.

import { contactCentre } from 'keydesk-client';

const { KEYDESK_KEY, KEYDESK_GATEWAY = 'http://127.0.0.1:8080' } = process.env;
if (!KEYDESK_KEY) throw new Error('set KEYDESK_KEY');

const after = process.argv[2];
const centre = contactCentre({ address: KEYDESK_GATEWAY, key: KEYDESK_KEY });
for await (const item of centre.follow('calls', after === undefined ? {} : { after })) {
  if (item.kind === 'snapshot') console.log(JSON.stringify({ kind: 'snapshot', calls: item.items.length }));
  if (item.kind === 'reset') console.log(JSON.stringify(item));
  if (item.kind === 'event') {
    const { type, seq, subject, subject_seq } = item.event;
    console.log(JSON.stringify({ kind: 'event', type, seq, subject: subject.id, subject_seq, id: item.lastEventId }));
  }
}
