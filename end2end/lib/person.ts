import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import type { Server } from './server.ts';

export interface Person {
  name: string;
  email: string;
  password: string;
  role: 'owner' | 'manager' | 'viewer';
}

export const OWNER: Person = {
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  password: 'correct horse battery',
  role: 'owner',
};

export const VIEWER: Person = { ...OWNER, name: 'Vera Rubin', email: 'vera@example.com', role: 'viewer' };

const created = new Set<string>();

/** Makes an administrator on the command line, once for each server. */
export async function createPerson(server: Server, person: Person = OWNER, installation = 'default'): Promise<void> {
  const whom = `${server.dataDir} ${person.email}`;
  if (created.has(whom)) return;
  const file = join(server.dataDir, `password of ${person.email}`);
  await writeFile(file, `${person.password}\n`, { mode: 0o600 });
  const { email, name, role } = person;
  await server.cli('admin', 'create', '--email', email, '--name', name, '--role', role, '--password-file', file,
    '--installation', installation);
  created.add(whom);
}

/** Signs the page's browser in without showing a page, as the form would, and makes the person first if need be. */
export async function signIn(
  page: Page,
  server: Server,
  person: Person = OWNER,
  installation = 'default',
): Promise<void> {
  await createPerson(server, person, installation);
  const answer = await page.request.post(`${server.url}/login`, {
    form: { email: person.email, password: person.password },
    headers: { origin: server.url },
    maxRedirects: 0,
  });
  expect(answer.status(), await answer.text()).toBe(303);
  expect(answer.headers().location).toBe('/keys');
}
