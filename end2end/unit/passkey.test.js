import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open } from './page.js';

const form = (asked, name = '') => `<form>
  <input name="name" required value="${name}">
  <input type="hidden" name="proof_passkey">
  <button type="button" data-passkey='${JSON.stringify(asked)}' data-into="proof_passkey" aria-describedby="note">Use a passkey</button>
  <p id="note"></p></form>`;

/** A page in a browser with an authenticator that answers so, and counts what is sent. */
async function press(asked, { name = 'Laptop', ...credentials }) {
  const page = open('passkey.js', form(asked, name), {
    before: (window) => {
      window.PublicKeyCredential = class {};
      Object.defineProperty(window.navigator, 'credentials', { value: credentials });
    },
  });
  const sent = [];
  page.find('form').requestSubmit = () => sent.push(JSON.parse(page.find('[name=proof_passkey]').value));
  page.find('button').click();
  await page.settle();
  await page.settle();
  return { page, sent };
}

const buffer = (...bytes) => new Uint8Array(bytes).buffer;

test('a passkey is asked for as Keydesk says, and its answer is sent', async () => {
  const wished = [];
  const get = async (wish) => {
    wished.push(wish);
    return { rawId: buffer(1), response: { clientDataJSON: buffer(2), authenticatorData: buffer(251, 255), signature: buffer(3, 4, 5) } };
  };
  const asked = { challenge: '-_8', allowCredentials: [{ type: 'public-key', id: 'AQ' }], userVerification: 'discouraged' };
  const { sent } = await press(asked, { get });
  assert.deepEqual(sent, [{ id: 'AQ', client_data: 'Ag', authenticator_data: '-_8', signature: 'AwQF' }]);
  const { publicKey } = wished[0];
  assert.deepEqual([...publicKey.challenge], [251, 255]);
  assert.deepEqual([...publicKey.allowCredentials[0].id], [1]);
  assert.equal(publicKey.userVerification, 'discouraged');
});

test('a new passkey is made for its person, once it has a name', async () => {
  const asked = { challenge: 'AQ', user: { id: 'Ag', name: 'ada@example.com' }, excludeCredentials: [{ type: 'public-key', id: 'Aw' }] };
  const wished = [];
  const create = async (wish) => {
    wished.push(wish);
    return { response: { clientDataJSON: buffer(1), attestationObject: buffer(2) } };
  };
  assert.deepEqual((await press(asked, { create })).sent, [{ client_data: 'AQ', attestation: 'Ag' }]);
  const { publicKey } = wished[0];
  assert.deepEqual([[...publicKey.user.id], publicKey.user.name, [...publicKey.excludeCredentials[0].id]], [[2], 'ada@example.com', [3]]);
  assert.deepEqual((await press(asked, { create, name: '' })).sent, []);
  assert.equal(wished.length, 1, 'nobody is asked before it has one');
});

test('what went wrong is said, and the button works again', async () => {
  for (const [name, words] of [
    ['NotAllowedError', 'No passkey was used. Please try again.'],
    ['InvalidStateError', 'You have a passkey on this device already.'],
  ]) {
    const get = async () => { throw Object.assign(new Error('no'), { name }); };
    const { page, sent } = await press({ challenge: 'AQ', allowCredentials: [] }, { get });
    assert.equal(page.text('#note'), words);
    assert.deepEqual(sent, []);
    assert.notEqual(page.find('button').getAttribute('aria-disabled'), 'true');
  }
});
