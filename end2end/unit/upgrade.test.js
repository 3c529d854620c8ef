import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const GENERATOR = fileURLToPath(new URL('../../upgrade/generate.mjs', import.meta.url));

test('what upgrade/ keeps of each release is what its migrations make', async () => {
  const made = await promisify(execFile)(process.execPath, [GENERATOR, '--check']).catch((failed) => failed);
  assert.equal(made.code ?? 0, 0, `${made.stdout}${made.stderr}`);
});
