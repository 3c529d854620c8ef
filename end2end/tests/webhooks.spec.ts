import { createPublicKey, verify as verifies } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server as Http } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { Webhook } from 'standardwebhooks';
import { expectAccessible } from '../lib/axe.ts';
import { createKeys } from '../lib/keys.ts';
import { signIn, VIEWER } from '../lib/person.ts';
import type { Server } from '../lib/server.ts';
import { expect, ready, test } from '../lib/test.ts';

test.use({
  permissions: ['clipboard-read', 'clipboard-write'],
  config: '[webhooks]\nallow_networks = ["127.0.0.0/8"]\nallow_http = true\n',
});

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A receiver on this machine, which remembers what it is sent. */
class Receiver {
  readonly received: Received[] = [];
  status = 200;
  private readonly http: Http;

  constructor() {
    this.http = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.received.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
        response.writeHead(this.status).end(this.status === 200 ? '' : 'out of order');
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.http.listen(0, '127.0.0.1', done));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}/hooks`;
  }

  stop(): void {
    this.http.closeAllConnections();
    this.http.close();
  }
}

let receiver: Receiver;

test.beforeEach(async () => {
  receiver = new Receiver();
  await receiver.start();
});

test.afterEach(() => receiver.stop());

async function open(page: Page, server: Server): Promise<void> {
  await page.goto(`${server.url}/webhooks`);
  await ready(page);
}

async function add(page: Page, types: string, change: () => Promise<void> = async () => {}): Promise<void> {
  await page.getByRole('link', { name: 'Add webhook' }).click();
  await ready(page);
  await page.getByRole('textbox', { name: 'Address' }).fill(receiver.url);
  await page.getByRole('textbox', { name: 'Types of events' }).fill(types);
  await change();
  await page.getByRole('button', { name: 'Add webhook' }).click();
  await ready(page);
}

/** Loads the page again until it shows this. */
async function shows(page: Page, text: string | RegExp): Promise<void> {
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole('region', { name: 'Deliveries' })).toContainText(text, { timeout: 500 });
  }).toPass();
}

test('a webhook is added, tested, rotated, switched off and deleted, and the library for JavaScript verifies what it gets', async ({
  ownServer: server,
  page,
}) => {
  await signIn(page, server);
  await open(page, server);
  await expect(page).toHaveTitle('Webhooks · Keydesk');
  await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Workspace' }).getByRole('link', { name: 'Webhooks' })).toBeVisible();
  await expectAccessible(page);

  await add(page, 'key.*');
  const secret = (await page.locator('#webhook-secret').textContent()) ?? '';
  expect(secret).toMatch(/^whsec_/);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Copy secret' }).click();
  await expect(page.locator('#webhook-secret-copied')).not.toBeEmpty();
  await page.getByRole('link', { name: 'Webhooks', exact: true }).last().click();
  await ready(page);
  await expect(page.getByRole('list', { name: 'Webhooks' })).toContainText(receiver.url);
  await expect(page.getByText(secret)).toHaveCount(0);
  await expectAccessible(page);

  await page.getByRole('link', { name: receiver.url }).click();
  await ready(page);
  await page.getByRole('button', { name: 'Send test event' }).click();
  await expect(page.getByText('A test event is on its way.')).toBeVisible();
  await shows(page, /webhook\.test\s*Accepted/);
  await createKeys(server, 'Müller & Söhne');
  await shows(page, /key\.created\s*Accepted/);
  await expectAccessible(page);
  const library = new Webhook(secret);
  for (const { headers, body } of receiver.received) {
    const event = library.verify(body, headers as Record<string, string>) as { id: string };
    expect(event.id).toBe(headers['webhook-id']);
    expect(() => library.verify(body.replace('webhook', 'webhoox').replace('Müller', 'Muller'), headers as Record<string, string>)).toThrow();
  }

  await page.getByRole('link', { name: 'Rotate secret' }).click();
  await ready(page);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Rotate secret' }).click();
  await ready(page);
  const newest = (await page.locator('#webhook-secret').textContent()) ?? '';
  expect(newest).not.toBe(secret);
  await page.getByRole('button', { name: 'Copy secret' }).click();
  await expect(page.locator('#webhook-secret-copied')).not.toBeEmpty();
  await createKeys(server, 'Beta');
  await expect.poll(() => receiver.received.length).toBe(3);
  for (const either of [secret, newest]) {
    const { headers, body } = receiver.received.at(-1)!;
    new Webhook(either).verify(body, headers as Record<string, string>);
  }

  await page.goto(page.url());
  await ready(page);
  await page.getByRole('link', { name: 'Disable' }).click();
  await ready(page);
  await expect(page.getByRole('alertdialog', { name: 'Disable webhook' })).toContainText(receiver.url);
  await page.getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByText('Disabled. Nothing is sent to it.')).toBeVisible();
  await page.getByRole('button', { name: 'Enable' }).click();
  await expect(page.getByText('Enabled. It is told')).toBeVisible();
  await page.getByRole('link', { name: 'Delete' }).click();
  await ready(page);
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('heading', { name: 'No webhooks yet' })).toBeVisible();
});

test('what is not accepted is shown with its answer, and is delivered again', async ({ ownServer: server, page }) => {
  await signIn(page, server);
  await open(page, server);
  receiver.status = 500;
  await add(page, 'key.created');
  await page.getByRole('button', { name: 'Copy secret' }).click();
  await expect(page.locator('#webhook-secret-copied')).not.toBeEmpty();
  await createKeys(server, 'Acme');
  await open(page, server);
  await page.getByRole('link', { name: receiver.url }).click();
  await ready(page);
  await shows(page, /Waiting[\s\S]*Answer 500 in \d+ ms: out of order[\s\S]*1 try, next/);
  await expectAccessible(page);
  receiver.status = 200;
  // The second try comes 5 seconds after the first.
  await shows(page, /Accepted[\s\S]*Answer 200[\s\S]*2 tries/);
  await page.getByRole('link', { name: 'Waiting' }).click();
  await ready(page);
  await expect(page.getByRole('region', { name: 'Deliveries' })).toContainText('There are none.');
  await page.getByRole('link', { name: 'All' }).click();
  await ready(page);
  const before = receiver.received.length;
  await page.getByRole('button', { name: 'Deliver again: key.created' }).click();
  await expect(page.getByText('On its way again.')).toBeVisible();
  await expect.poll(() => receiver.received.length).toBe(before + 1);
  await page.getByRole('link', { name: 'Deliver again' }).click();
  await ready(page);
  await expectAccessible(page);
  await page.getByRole('radio', { name: 'The last hour' }).check();
  await page.getByRole('dialog').getByRole('button', { name: 'Deliver again' }).click();
  await expect(page.getByText('On its way again.')).toBeVisible();
  await expect.poll(() => receiver.received.length).toBe(before + 2);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('a public key verifies deliveries that nobody else could sign', async ({ ownServer: server, page }) => {
  await signIn(page, server);
  await open(page, server);
  await add(page, '*', () => page.getByRole('radio', { name: /v1a/ }).check());
  const text = (await page.getByRole('region', { name: 'About' }).textContent()) ?? '';
  const raw = Buffer.from(/whpk_([A-Za-z0-9+/=]+)/.exec(text)![1]!, 'base64');
  await createKeys(server, 'Acme');
  await expect.poll(() => receiver.received.length).toBe(1);
  const { headers, body } = receiver.received[0]!;
  // An Ed25519 key as X.509 writes it: a fixed beginning, and the key.
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]),
    format: 'der',
    type: 'spki',
  });
  const signature = String(headers['webhook-signature']).replace('v1a,', '');
  const signed = (text: string): Buffer => Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`);
  expect(verifies(null, signed(body), key, Buffer.from(signature, 'base64'))).toBe(true);
  expect(verifies(null, signed(`${body} `), key, Buffer.from(signature, 'base64'))).toBe(false);
});

test.describe('a wrong form', () => {
  test.use({ expectedComplaints: [/status of 422/] });

  test('says what is wrong, and keeps what was typed', async ({ ownServer: server, page }) => {
    await signIn(page, server);
    await page.goto(`${server.url}/webhooks?add`);
    await ready(page);
    await page.getByRole('textbox', { name: 'Address' }).fill('https://10.0.0.1/hooks');
    await page.getByRole('textbox', { name: 'Types of events' }).fill('key.paint');
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await ready(page);
    await expect(page.getByText('The types must name types of events')).toBeVisible();
    await page.getByRole('textbox', { name: 'Types of events' }).fill('key.deleted');
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await ready(page);
    await expect(page.getByText('The address leads to 10.0.0.1, which is not a public address')).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Address' })).toHaveValue('https://10.0.0.1/hooks');
    await expect(page.getByRole('textbox', { name: 'Address' })).toHaveAttribute('aria-invalid', 'true');
    await expectAccessible(page);
  });
});

test.describe('a viewer', () => {
  test.use({ expectedComplaints: [/status of 403/] });

  test('has no webhooks', async ({ ownServer: server, page }) => {
    await signIn(page, server, VIEWER);
    await page.goto(`${server.url}/keys`);
    await ready(page);
    const navigation = page.getByRole('navigation', { name: 'Workspace' });
    await expect(navigation.getByRole('link', { name: 'API Keys' })).toBeVisible();
    await expect(navigation.getByRole('link', { name: 'Webhooks' })).toHaveCount(0);
    const answer = await page.goto(`${server.url}/webhooks`);
    expect(answer!.status()).toBe(403);
    await expect(page.getByText('Your role does not allow this.')).toBeVisible();
  });
});
