#!/usr/bin/env node
// Generates the Python and the TypeScript client from the descriptions that the product publishes itself.
//
//   node clients/generate.mjs                 starts the product, generates, and writes generated.json
//   node clients/generate.mjs --check         the same, and fails where generated.json would change
//   node clients/generate.mjs --tools         only installs the generators
//
// With KEYDESK_URL, KEYDESK_GATEWAY and KEYDESK_KEY (any test key) it asks a product that runs already.
//
// What is generated is some 70,000 lines and is not committed: generated.json has the digests of it and of the descriptions, so
// that a change of the API shows in a commit, and whoever generates knows that they got the same.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { startProduct } from './lib/product.mjs';
import { run } from './lib/run.mjs';

const here = import.meta.dirname;
const python = { folder: join(here, 'python'), venv: join(here, 'python/.venv') };
const typescript = { folder: join(here, 'typescript') };
const LOCK = join(here, 'generated.json');

/** What is generated, from where, under which name. */
const APIS = [
  { name: 'management', python: 'management', typescript: 'management' },
  { name: 'contact-centre', python: 'contact_centre', typescript: 'contact-centre' },
];

const flags = new Set(process.argv.slice(2));
await tools();
if (!flags.has('--tools')) {
  const found = await generate(await descriptions());
  const text = `${JSON.stringify(found, null, 2)}\n`;
  const before = await readFile(LOCK, 'utf8').catch(() => '');
  if (text === before) {
    console.log('generated, as generated.json has it');
  } else if (flags.has('--check')) {
    console.error(`What is generated today is not what clients/generated.json has:\n${text}Run node clients/generate.mjs, and commit that file.`);
    process.exitCode = 1;
  } else {
    await writeFile(LOCK, text);
    console.log('generated; generated.json has changed');
  }
}

/** Installs the generators as their lock files say, once for each content of those. */
async function tools() {
  const wanted = await readFile(join(python.folder, 'requirements-dev.txt'), 'utf8');
  const stamp = join(python.venv, 'requirements-dev.txt');
  const pythonThere = (await readFile(stamp, 'utf8').catch(() => '')) === wanted;
  const lock = await readFile(join(typescript.folder, 'package-lock.json'), 'utf8');
  const npmStamp = join(typescript.folder, 'node_modules/.package-lock.stamp');
  const npmThere = (await readFile(npmStamp, 'utf8').catch(() => '')) === lock;
  await Promise.all([
    pythonThere || installPython().then(() => writeFile(stamp, wanted)),
    npmThere || run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: typescript.folder }).then(() => writeFile(npmStamp, lock)),
  ]);
}

async function installPython() {
  await rm(python.venv, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', python.venv]);
  const pip = join(python.venv, 'bin/pip');
  await run(pip, ['install', '--quiet', '--disable-pip-version-check', '-r', join(python.folder, 'requirements-dev.txt')]);
  // The hand-written layer, as it stands in its folder.
  await run(pip, ['install', '--quiet', '--disable-pip-version-check', '--no-deps', '--no-build-isolation', '-e', python.folder]);
}

/** The descriptions, without what differs from one installation to the next. */
async function descriptions() {
  const given = process.env.KEYDESK_URL !== undefined && process.env.KEYDESK_GATEWAY !== undefined;
  const product = given
    ? { url: process.env.KEYDESK_URL, gateway: process.env.KEYDESK_GATEWAY, key: process.env.KEYDESK_KEY, stop: async () => {} }
    : await startProduct();
  try {
    const of = [`${product.url}/api/openapi.json`, `${product.gateway}/v1/openapi.json`];
    const texts = await Promise.all(of.map((address) => fetchJson(address, product.key)));
    return texts.map(withoutExamples);
  } finally {
    await product.stop();
  }
}

async function fetchJson(address, key) {
  const answer = await fetch(address, { headers: key ? { authorization: `Bearer ${key}` } : {} });
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** Examples are real answers of the installation that was asked: they differ, and no type comes of them. */
function withoutExamples(value, parent = '') {
  if (Array.isArray(value)) return value.map((item) => withoutExamples(item));
  if (value === null || typeof value !== 'object') return value;
  // Below `properties` a name is the name of a field.
  const fields = Object.entries(value).filter(([name]) => parent === 'properties' || (name !== 'example' && name !== 'examples'));
  return Object.fromEntries(fields.map(([name, item]) => [name, withoutExamples(item, name)]));
}

async function generate(documents) {
  const folder = await mkdtemp(join(tmpdir(), 'keydesk-openapi-'));
  try {
    const found = {};
    await Promise.all(
      APIS.map(async (api, at) => {
        const file = join(folder, `${api.name}.json`);
        const text = `${JSON.stringify(documents[at], null, 1)}\n`;
        await writeFile(file, text);
        const forms = join(folder, `${api.name}.python.json`);
        await writeFile(forms, JSON.stringify(forPython(documents[at])));
        const [ofPython, ofTypescript] = [await generatePython(forms, api), await generateTypescript(file, api)];
        found[api.name] = { openapi: digest(text), python: ofPython, typescript: ofTypescript };
      }),
    );
    return Object.fromEntries(APIS.map((api) => [api.name, found[api.name]]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** openapi-python-client leaves out what it has no word for: answers in NDJSON are text to it, and bodies are bytes by generator.yml. */
function forPython(document) {
  const copy = structuredClone(document);
  for (const operation of Object.values(copy.paths).flatMap((item) => Object.values(item))) {
    for (const { content } of Object.values(operation.responses ?? {})) {
      if (content?.['application/x-ndjson'] === undefined) continue;
      content['text/x-ndjson'] = content['application/x-ndjson'];
      delete content['application/x-ndjson'];
    }
  }
  return copy;
}

async function generatePython(file, api) {
  const into = join(python.folder, 'src/keydesk', api.python);
  const bin = join(python.venv, 'bin');
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const args = ['generate', '--path', file, '--output-path', into, '--meta', 'none', '--overwrite', '--config', join(python.folder, 'generator.yml')];
  await run(join(bin, 'openapi-python-client'), args, { env });
  await writeFile(join(into, 'py.typed'), '');
  return digestOfFolder(into, '.py');
}

async function generateTypescript(file, api) {
  const into = join(typescript.folder, 'src/generated');
  await mkdir(into, { recursive: true });
  const output = join(into, `${api.typescript}.ts`);
  await run(join(typescript.folder, 'node_modules/.bin/openapi-typescript'), [file, '-o', output]);
  return digest(await readFile(output));
}

async function digestOfFolder(folder, ending) {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(ending)).sort();
  const hash = createHash('sha256');
  for (const name of names) {
    const file = resolve(folder, name);
    if (!(await stat(file)).isFile()) continue;
    hash.update(`${relative(folder, file)}\0`).update(await readFile(file));
  }
  return `sha256:${hash.digest('hex')}`;
}

function digest(text) {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
