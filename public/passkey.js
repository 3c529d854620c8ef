// Passkeys: a button with `data-passkey` asks the browser for one, puts its answer into the field that `data-into` names, and sends the
// form. Without it people type a password or a code.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const named = (keys) => keys?.map((key) => ({ ...key, id: bytes(key.id) }));

/** What Keydesk asks for, as the browser wants it. */
function wish({ challenge, user, allowCredentials, excludeCredentials, ...rest }) {
  return {
    ...rest,
    challenge: bytes(challenge),
    ...(user && { user: { ...user, id: bytes(user.id) }, excludeCredentials: named(excludeCredentials) }),
    ...(allowCredentials && { allowCredentials: named(allowCredentials) }),
  };
}

async function answer(asked) {
  const publicKey = wish(asked);
  if (asked.user) {
    const { response } = await navigator.credentials.create({ publicKey });
    return { client_data: text(response.clientDataJSON), attestation: text(response.attestationObject) };
  }
  const { rawId, response } = await navigator.credentials.get({ publicKey });
  return {
    id: text(rawId),
    client_data: text(response.clientDataJSON),
    authenticator_data: text(response.authenticatorData),
    signature: text(response.signature),
  };
}

function why(error) {
  if (!window.PublicKeyCredential) return 'This browser has no passkeys at this address. They need https.';
  if (error.name === 'InvalidStateError') return 'You have a passkey on this device already.';
  if (error.name === 'SecurityError') return 'Passkeys need https and an address with a name.';
  return 'No passkey was used. Please try again.';
}

// A form that is nothing without a passkey is not sent without one: Enter in it asks for one, too.
addEventListener('submit', (event) => {
  const button = event.target.querySelector?.('[data-passkey][data-only]');
  if (!button || event.target.elements[button.dataset.into].value) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  button.click();
}, true);

addEventListener('click', async ({ target }) => {
  const button = target.closest?.('[data-passkey]');
  if (!button || button.ariaDisabled === 'true') return;
  const { form } = button;
  const note = document.getElementById(button.getAttribute('aria-describedby'));
  const field = form.elements[button.dataset.into];
  note.textContent = '';
  // A new one has a name first.
  if (!form.reportValidity()) return;
  button.ariaDisabled = 'true';
  try {
    field.value = JSON.stringify(await answer(JSON.parse(button.dataset.passkey)));
    form.requestSubmit();
  } catch (error) {
    note.textContent = why(error);
    button.focus();
  } finally {
    button.ariaDisabled = null;
  }
});
