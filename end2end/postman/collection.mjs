// Makes a collection for Postman, Bruno and newman of the descriptions that Keydesk publishes.
// Usage: KEYDESK_KEY=... node collection.mjs [gateway] [workspace] > keydesk.postman_collection.json
import { pathToFileURL } from 'node:url';
import converter from 'openapi-to-postmanv2';

/** Streams go on for as long as somebody listens, which a collection can't. */
const ENDLESS = /\/stream\//;

function convert(document) {
  const options = { folderStrategy: 'Paths', requestParametersResolution: 'Example', enableOptionalParameters: false, includeAuthInfoInExample: false };
  return new Promise((done, failed) => {
    converter.convertV2({ type: 'json', data: document }, options, (error, result) => {
      if (error) failed(error);
      else if (!result.result) failed(new Error(result.reason));
      else done(result.output[0].data);
    });
  });
}

/** Every request below an entry, with the folders left out. */
export function requests(item) {
  return item.request ? [item] : (item.item ?? []).flatMap(requests);
}

/** The collection of one description: `variable` names its address, and the key is `{{key}}`. */
async function part(document, variable) {
  for (const path of Object.keys(document.paths)) if (ENDLESS.test(path)) delete document.paths[path];
  const { item } = await convert(document);
  for (const entry of item.flatMap(requests)) {
    const { url } = entry.request;
    url.host = [`{{${variable}}}`];
    entry.request.auth = null;
    // Answers are in the descriptions. Without them the collection is a tenth as large.
    entry.response = [];
    // What is asked for says what it answers: a table is no JSON.
    entry.request.header = (entry.request.header ?? []).filter(({ key }) => key !== 'Accept');
    if (url.path.join('/') === 'v1/contacts/lookup') url.query = [{ key: 'phone', value: '0491570006' }];
    // `/v1/contacts/:id` takes the id of an entry that `/v1/contacts` has listed.
    for (const parameter of url.variable ?? []) {
      const list = url.path.slice(0, url.path.indexOf(`:${parameter.key}`)).join('_');
      parameter.value = `{{${list}_${parameter.key}}}`;
    }
  }
  return item;
}

/** Keeps what the first entry of a list is called, for the requests that ask for one of them, and expects every answer to be a good one. */
const AFTER_EACH = `
const path = pm.request.url.path.join('_');
pm.test(pm.request.method + ' ' + path, () => pm.expect(pm.response.code, pm.response.text().slice(0, 300)).to.be.below(400));
let answer = {};
try { answer = pm.response.json(); } catch { /* a recording, a table */ }
if (pm.request.method === 'GET') {
  const keep = (name, value) => { if (value !== undefined) pm.collectionVariables.set(name, value); };
  const first = (answer.items ?? [])[0] ?? {};
  keep(path + '_id', first.id);
  keep(path + '_name', first.name);
  if (answer.tables) keep('v1_data_table', answer.tables[0].name);
  if (path === 'v1_calls') keep('v1_calls_by-root_root_id', first.root_id);
  // Not every call has a wrap. This one has.
  if (path === 'v1_wraps') keep('v1_calls_id', first.call_id);
}
`;

/** The collection of the contact centre and of the management of keys. */
export async function collection(gateway, workspace, key) {
  const get = async (address) => {
    const answer = await fetch(address, { headers: { Authorization: `Bearer ${key}` } });
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return answer.json();
  };
  const [centre, keys] = await Promise.all([get(`${gateway}/v1/openapi.json`), get(`${workspace}/api/openapi.json`)]);
  return {
    info: { name: 'Keydesk', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{key}}', type: 'string' }] },
    event: [{ listen: 'test', script: { type: 'text/javascript', exec: AFTER_EACH.trim().split('\n') } }],
    variable: [
      { key: 'gateway', value: gateway },
      { key: 'workspace', value: workspace },
      // Each reader enters their own, as a secret of their environment.
      { key: 'key', value: '' },
    ],
    item: [
      { name: 'Contact centre', item: await part(centre, 'gateway') },
      { name: 'Keys', item: await part(keys, 'workspace') },
    ],
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [gateway = 'http://127.0.0.1:8080', workspace = 'http://127.0.0.1:3000'] = process.argv.slice(2);
  console.log(JSON.stringify(await collection(gateway, workspace, process.env.KEYDESK_KEY), null, 1));
}
