import { MailServer } from '../lib/mail.ts';
import { createPerson, OWNER } from '../lib/person.ts';
import { startServer, type Server } from '../lib/server.ts';
import { expect, test as base } from '../lib/test.ts';

interface Own {
  mail: MailServer;
  desk: Server;
}

const test = base.extend<Own>({
  mail: async ({}, use) => {
    const mail = new MailServer();
    await mail.start();
    await use(mail);
    await mail.stop();
  },
  desk: async ({ context, mail }, use) => {
    const desk = await startServer({ config: `[mail]\nsmtp_url = "${mail.url}"\nfrom = "Keydesk <desk@example.com>"\n` });
    await use(desk);
    await Promise.all(context.pages().map((page) => page.close()));
    await desk.stop();
  },
});

const INVITE = ['admin', 'invite', '--email', 'grace@example.com', '--name', 'Grace Hopper', '--role', 'manager', '--json'];

/** The letter to somebody, once it is there. */
async function letterTo(mail: MailServer, address: string): Promise<string> {
  const found = (): string | undefined => mail.letters.find((letter) => letter.to.includes(address))?.text;
  await expect.poll(found, { timeout: 20_000 }).toBeDefined();
  return found()!;
}

test('whoever is invited gets a letter, and becomes an administrator by its link', async ({ mail, desk, page }) => {
  const printed = JSON.parse(await desk.cli(...INVITE)) as { link: string; mailed: boolean };
  expect(printed.mailed).toBe(true);
  const letter = await letterTo(mail, 'grace@example.com');
  expect(letter).toContain('From: Keydesk <desk@example.com>');
  expect(letter).toContain('Content-Type: text/html');
  const link = letter.match(new RegExp(`${desk.url}/invite#[A-Za-z0-9_-]{43}`))?.[0];
  // The same link, as the server is reached; the command line knows no address of it.
  expect(link!.split('#')[1]).toBe(printed.link.split('#')[1]);
  await page.goto(link!);
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { name: 'API Keys' })).toBeVisible();
  // Neither the link nor the address is in the log.
  expect(desk.output).not.toContain(link!.split('#')[1]);
  expect(desk.output).not.toContain('grace@example.com');
  expect(mail.letters).toHaveLength(1);
});

test('a link for a new password arrives, and is sent again after the mail server was away', async ({ mail, desk, page }) => {
  await createPerson(desk);
  mail.refusal = { code: 451, text: 'come back later' };
  await desk.cli('admin', 'reset-password', '--email', OWNER.email);
  await expect.poll(() => desk.output, { timeout: 20_000 }).toContain('a letter was not sent');
  expect(mail.letters).toEqual([]);
  mail.refusal = undefined;
  // A crash loses no letter. Whoever tried it last has two minutes for that.
  await desk.kill();
  await desk.start();
  await expect.poll(() => mail.letters.length, { timeout: 150_000 }).toBe(1);
  const letter = await letterTo(mail, OWNER.email);
  await page.goto(letter.match(new RegExp(`${desk.url}/reset#[A-Za-z0-9_-]{43}`))![0]);
  await page.getByLabel('Password').fill('another horse battery');
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.getByRole('heading', { name: 'API Keys' })).toBeVisible();
});
test.describe.configure({ timeout: 200_000 });

test('owners of keys are told before their keys end, without a secret', async ({ mail, desk }) => {
  const create = ['key', 'create', '--client-name', 'Acme', '--preset', 'crm', '--expires-at', '2d', '--owner-email', 'bo@example.com'];
  const { key, id } = JSON.parse(await desk.cli(...create, '--json')) as { key: string; id: string };
  // It is looked for them when the server starts, and each hour.
  await desk.restart();
  const letter = await letterTo(mail, 'bo@example.com');
  expect(letter).toContain(`${desk.url}/keys/${id}`);
  expect(letter).not.toContain(key);
  await desk.restart();
  await desk.cli('mail', 'test', 'operator@example.com');
  await letterTo(mail, 'operator@example.com');
  expect(mail.letters.filter(({ to }) => to.includes('bo@example.com'))).toHaveLength(1);
});

test('the operator learns what the mail server says', async ({ mail, desk }) => {
  expect(await desk.cli('mail', 'test', 'operator@example.com')).toContain('has taken a letter to operator@example.com');
  mail.refusal = { code: 550, text: 'no such mailbox' };
  await expect(desk.cli('mail', 'test', 'nobody@example.com')).rejects.toThrow(/answered 550.*no such mailbox/s);
  await desk.cli(...INVITE);
  await expect.poll(() => desk.output, { timeout: 20_000 }).toContain('a letter was given up');
  await expect(desk.cli('doctor')).rejects.toMatchObject({ stdout: expect.stringMatching(/mail/) });
});
