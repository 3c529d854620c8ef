// Usage: look-up.mjs "0491 570 006"
const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

// URLSearchParams keeps the + of an international number.
const query = new URLSearchParams({ phone: process.argv[2] });
const answer = await fetch(`${gateway}/v1/contacts/lookup?${query}`, { headers });
if (!answer.ok) throw new Error(await answer.text());
for (const { contact, matched } of (await answer.json()).matches) {
  console.log(`${contact.display_name} (${matched.how})`);
}
