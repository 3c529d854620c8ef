import { setTimeout as pause } from 'node:timers/promises';

const gateway = process.env.KEYDESK_GATEWAY ?? 'http://127.0.0.1:8080';
const headers = { Authorization: `Bearer ${process.env.KEYDESK_KEY}` };

let last;
for (;;) {
  try {
    const resume = last === undefined ? {} : { 'Last-Event-ID': last };
    const answer = await fetch(`${gateway}/v1/stream/agent-states`, {
      headers: { ...headers, Accept: 'text/event-stream', ...resume },
    });
    if (answer.status === 401 || answer.status === 403) {
      console.error(await answer.text());
      process.exit(1);
    }
    let buffer = '';
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      // An empty line ends an event. What comes after the last one is not complete yet.
      const blocks = (buffer + text).split('\n\n');
      buffer = blocks.pop();
      for (const block of blocks) {
        const event = Object.fromEntries(block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]));
        if (event.event === undefined) continue; // a comment, every 15 s
        const data = JSON.parse(event.data);
        console.log(event.event, event.id ?? '');
        // Here you work with data. Remember the id after that, not before.
        last = event.id ?? last;
      }
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // fetch throws a TypeError when the connection is lost
  }
  await pause(2000);
}
