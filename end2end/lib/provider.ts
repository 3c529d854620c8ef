import { createServer, type Server as Http } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import Provider from 'oidc-provider';
import { freePort, startServer, type Server } from './server.ts';

/** Somebody whom the provider knows, by the name that they sign in there with. */
export interface Known {
  email: string;
  verified?: boolean;
  name: string;
  groups: string[];
}

const CLIENT = { id: 'keydesk', secret: 'a secret of the client, which nobody else knows' };

/** An OpenID Connect provider on this machine, and a Keydesk that lets its people in. */
export class Organisation {
  readonly people = new Map<string, Known>();

  private constructor(
    readonly issuer: string,
    readonly server: Server,
    private readonly http: Http,
    private readonly folder: string,
  ) {}

  /** `more`: further lines of `[oidc]`. */
  static async start(more = ''): Promise<Organisation> {
    const port = await freePort();
    const issuer = `http://127.0.0.1:${port}`;
    const folder = await mkdtemp(join(tmpdir(), 'keydesk-oidc-'));
    const secret = join(folder, 'secret');
    await writeFile(secret, `${CLIENT.secret}\n`, { mode: 0o600 });
    const config = `[oidc]
issuer = "${issuer}"
client_id = "${CLIENT.id}"
client_secret_file = "${secret}"
button = "Continue with Example"
roles = { "desk-owners" = "owner", "desk-managers" = "manager", "desk-viewers" = "viewer" }
${more}
`;
    const server = await startServer({ config });
    const http = createServer();
    const organisation = new Organisation(issuer, server, http, folder);
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: [`${server.url}/login/oidc/callback`],
          grant_types: ['authorization_code'],
          response_types: ['code'],
        },
      ],
      // The user info says the most of it, as in production.
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
      cookies: { keys: ['a key of the tests'] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: true } },
      findAccount: (_, sub) => {
        const known = organisation.people.get(sub);
        if (known === undefined) return undefined;
        const { email, verified = true, name, groups } = known;
        return { accountId: sub, claims: () => ({ sub, email, email_verified: verified, name, groups }) };
      },
    });
    http.on('request', provider.callback());
    await new Promise<void>((done) => http.listen(port, '127.0.0.1', done));
    return organisation;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    this.http.closeAllConnections();
    await new Promise((done) => this.http.close(done));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Says at the provider who somebody is, and that Keydesk may know it. */
export async function signInThere(page: Page, login: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(login);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}
