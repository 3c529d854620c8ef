// Contacts, for keys that may read them: Keydesk decides. KEYDESK_KEY=... node service.js, with a key that has keys:verify.
import express from 'express';
import { protect } from 'keydesk-client/express';

const { KEYDESK_URL = 'http://127.0.0.1:3000', KEYDESK_KEY, PORT = 8000 } = process.env;
const keydesk = { address: KEYDESK_URL, key: KEYDESK_KEY };
const mayRead = protect(keydesk, { scopes: ['contacts:read'], environment: 'live' });

const app = express();
app.get('/contacts', mayRead, (request, response) => {
  response.json({ items: [], key_id: request.caller.keyId });
});
app.listen(PORT, '127.0.0.1');
