// Errors that Keydesk and the contact centre answer (RFC 9457).

import { retryAfterMs } from './retry.js';

/** A call that was refused. Decide by `code`, which is stable; the message is for people. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** By which the call is found in logs, and explained by `GET /api/v1/explain/{request_id}`. */
    readonly requestId: string | undefined,
    /** How long to stay away, in milliseconds, where the answer says so. */
    readonly retryAfterMs?: number | undefined,
    /** All that the answer says, such as `next_allowed_at` of a call outside of dialling hours. */
    readonly problem: Readonly<Record<string, unknown>> = {},
  ) {
    super(`${status} ${code}: ${detail}`);
  }

  static async of(answer: Response): Promise<Refused> {
    const text = await answer.text().catch(() => '');
    return Refused.from(answer, text);
  }

  /** From what openapi-fetch has read of a refusal already. */
  static from(answer: Response, error: unknown): Refused {
    let said: { code?: string; detail?: string; request_id?: string } = {};
    try {
      said = typeof error === 'string' ? JSON.parse(error) : ((error ?? {}) as typeof said);
    } catch {
      // A proxy's page, for instance.
      said = { detail: String(error).slice(0, 200) };
    }
    return new Refused(answer.status, said.code ?? '', said.detail ?? answer.statusText, said.request_id, retryAfterMs(answer.headers), { ...said });
  }
}

/** The data of an answer of openapi-fetch; throws {@link Refused} where the call was refused. */
export async function must<Answer extends { data?: unknown; error?: unknown; response: Response }>(
  answering: Promise<Answer>,
): Promise<NonNullable<Answer['data']>> {
  const { data, error, response } = await answering;
  if (!response.ok) throw Refused.from(response, error);
  return data as NonNullable<Answer['data']>;
}
