// Server-sent events (WHATWG HTML, 9.2.6), from bytes that come in any pieces.

export interface Frame {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

/** Each event as it comes; comments, which show that the stream lives, as events without a type. */
export async function* parse(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let id: string | undefined;
  let type = '';
  let data: string[] = [];
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const ended of lines) {
      const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended;
      if (line === '') {
        if (data.length > 0) yield { id, type, data: data.join('\n') };
        [id, type, data] = [undefined, '', []];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const text = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') data.push(text);
      else if (field === 'event') type = text;
      else if (field === 'id' && !text.includes('\0')) id = text;
      else if (field === '') yield { id: undefined, type: '', data: '' };
    }
  }
}
