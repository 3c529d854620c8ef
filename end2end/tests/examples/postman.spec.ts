import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { startCentre } from '../../lib/examples.ts';

const execute = promisify(execFile);
const folder = resolve(import.meta.dirname, '../../postman');

const RIGHTS = [
  ...['contacts:read', 'calls:read', 'wraps:read', 'recordings:read', 'agents:read', 'agent-states:subscribe', 'metrics:read'],
  ...['queues:read', 'live:read', 'reports:read', 'data:read', 'keys:read', 'usage:read', 'audit:read', 'webhooks:read'],
];
/** What needs something that a new contact centre has not: a webhook, a handover, a refused request, a limit of a client. Proxies ask `/authz`. */
const NEEDS_MORE = /webhooks\/:id|handover|explain|clients\/:client_name|authz/;

interface Request {
  name: string;
  request: { method: string; url: { path: string[] } };
}
interface Folder {
  name: string;
  item: (Folder | Request)[];
}

const requests = (item: Folder | Request): Request[] => ('request' in item ? [item] : item.item.flatMap(requests));
const path = ({ request }: Request) => request.url.path.join('/');

test('the collection has every operation, and what reads is answered', async () => {
  test.setTimeout(180_000);
  if (!existsSync(join(folder, 'node_modules', '.bin', 'newman'))) await execute('npm', ['ci', '--ignore-scripts'], { cwd: folder });
  const centre = await startCentre({ days: 1 });
  const place = await mkdtemp(join(tmpdir(), 'keydesk-postman-'));
  try {
    const key = await centre.key(RIGHTS);
    const { stdout } = await execute('node', ['collection.mjs', centre.gateway, centre.workspace], {
      cwd: folder,
      env: { ...process.env, KEYDESK_KEY: key },
      maxBuffer: 64 << 20,
    });
    expect(stdout).not.toContain(key);
    const collection = JSON.parse(stdout) as Folder;
    const all = requests(collection);

    // Every operation of both descriptions but the streams.
    const described = async (address: string) => {
      const { paths } = (await (await fetch(address, { headers: { authorization: `Bearer ${key}` } })).json()) as { paths: Record<string, object> };
      const colons = (text: string) => text.slice(1).replaceAll(/\{(\w+)\}/g, ':$1');
      return Object.entries(paths).flatMap(([at, item]) => {
        const methods = Object.keys(item).filter((method) => /^(get|post|put|patch|delete|head)$/.test(method));
        return at.includes('/stream/') ? [] : methods.map((method) => `${method.toUpperCase()} ${colons(at)}`);
      });
    };
    const wanted = [...(await described(`${centre.gateway}/v1/openapi.json`)), ...(await described(`${centre.workspace}/api/openapi.json`))];
    expect(wanted.length).toBeGreaterThan(80);
    expect(all.map((item) => `${item.request.method} ${path(item)}`).toSorted()).toEqual(wanted.toSorted());

    // Lists first: they tell the ids.
    const reads = all.filter((item) => item.request.method === 'GET' && !NEEDS_MORE.test(path(item)));
    const alone = (item: Request) => !path(item).includes(':');
    const run = { ...collection, item: [...reads.filter(alone), ...reads.filter((item) => !alone(item))] };
    const file = join(place, 'collection.json');
    await writeFile(file, JSON.stringify(run));
    const { stdout: ran } = await execute('node', ['run.mjs', file], { cwd: folder, env: { ...process.env, KEYDESK_KEY: key } });
    expect(JSON.parse(ran)).toEqual({ requests: reads.length, assertions: reads.length, failures: [] });
    expect(reads.length).toBeGreaterThan(40);
  } finally {
    await centre.stop();
    await rm(place, { recursive: true, force: true });
  }
});
