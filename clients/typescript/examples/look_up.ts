// Whose are these numbers? `KEYDESK_KEY=... node look_up.js "0491 570 006" ...`, with a key that has `contacts:read`.

import { contactCentre, must } from 'keydesk-client';

const { KEYDESK_KEY, KEYDESK_GATEWAY = 'http://127.0.0.1:8080' } = process.env;
if (!KEYDESK_KEY) throw new Error('set KEYDESK_KEY');

const centre = contactCentre({ address: KEYDESK_GATEWAY, key: KEYDESK_KEY });
for (const phone of process.argv.slice(2)) {
  const { matches } = await must(centre.GET('/v1/contacts/lookup', { params: { query: { phone } } }));
  console.log(`${phone}: ${matches.map((match) => match.contact.display_name).join(', ') || 'nobody'}`);
}
