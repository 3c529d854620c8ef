import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A letter that was taken. */
export interface Letter {
  to: string[];
  /** All of it, without the encoding of its parts. */
  text: string;
}

/** A mail server on this machine, which keeps the letters that it is sent. */
export class MailServer {
  readonly letters: Letter[] = [];
  /** What it answers to recipients; undefined: it takes them. */
  refusal: { code: number; text: string } | undefined;
  private readonly smtp: SMTPServer;

  constructor() {
    this.smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      onRcptTo: (_address, _session, done) => {
        if (this.refusal === undefined) return done();
        done(Object.assign(new Error(this.refusal.text), { responseCode: this.refusal.code }));
      },
      onData: (stream, session, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', () => {
          const to = session.envelope.rcptTo.map(({ address }) => address);
          this.letters.push({ to, text: decoded(Buffer.concat(parts).toString()) });
          done();
        });
      },
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.smtp.listen(0, '127.0.0.1', done));
  }

  /** Its address, as a setting. */
  get url(): string {
    const { port } = this.smtp.server.address() as AddressInfo;
    return `smtp://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((done) => this.smtp.close(done));
  }
}

/** Takes the encoding of quoted-printable parts away. */
function decoded(text: string): string {
  const bytes = text.replaceAll('=\r\n', '').replaceAll(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
