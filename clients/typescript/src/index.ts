// Keydesk from TypeScript and JavaScript.

import createClient, { type Client } from 'openapi-fetch';
import { Fetching, type Options } from './fetching.js';
import type { paths as ContactCentrePaths, components as ContactCentreComponents } from './generated/contact-centre.js';
import type { paths as ManagementPaths, components as ManagementComponents } from './generated/management.js';
import { type Feed, type Follow, type Item, follow } from './stream.js';

export type { Options } from './fetching.js';
export { Refused, must } from './refused.js';
export type { Retries } from './retry.js';
export type { Event, Feed, Follow, Item } from './stream.js';

/** What the contact centre answers, by name: `ContactCentre['Call']`. */
export type ContactCentre = ContactCentreComponents['schemas'];
/** What Keydesk answers, by name: `Management['Key']`. */
export type Management = ManagementComponents['schemas'];

/** Keydesk itself: verify keys, manage them, read usage and audit log. Calls are typed by path. */
export function keydesk(options: Options): Client<ManagementPaths> {
  return typed<ManagementPaths>(new Fetching(options));
}

/** The contact centre behind the gateway, with its streams. */
export function contactCentre(options: Options): Client<ContactCentrePaths> & { follow(feed: Feed, options?: Follow): AsyncGenerator<Item, never, undefined> } {
  const fetching = new Fetching(options);
  return Object.assign(typed<ContactCentrePaths>(fetching), {
    follow: (feed: Feed, how?: Follow) => follow(fetching, feed, how),
  });
}

function typed<Paths extends {}>(fetching: Fetching): Client<Paths> {
  return createClient<Paths>({ baseUrl: fetching.address, fetch: (request) => fetching.send(request) });
}
