// Judges a log by the schema of SARIF 2.1.0 that OASIS published, as @microsoft/jest-sarif carries it.
// Usage: node sarif.mjs end2end < log
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const require = createRequire(resolve(process.argv[2], 'package.json'));
const Ajv = require('ajv');
const draft = require('ajv/lib/refs/json-schema-draft-04.json');
const schema = require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');

const ajv = new Ajv({ schemaId: 'auto', allErrors: true, meta: false });
ajv.addMetaSchema(draft);
ajv._opts.defaultMeta = draft.id;
const judge = ajv.compile(schema);
if (!judge(JSON.parse(readFileSync(0, 'utf8')))) {
  console.log(judge.errors.map(({ dataPath, message }) => `${dataPath} ${message}`).join('\n'));
  process.exitCode = 1;
}
