// Runs a collection with newman, and prints what failed. Its own report would hold every answer, tables too.
// Usage: KEYDESK_KEY=... node run.mjs collection.json
import newman from 'newman';

const options = { collection: process.argv[2], envVar: [{ key: 'key', value: process.env.KEYDESK_KEY }], timeoutRequest: 30_000 };
newman.run(options, (error, summary) => {
  if (error) throw error;
  const { stats, failures } = summary.run;
  console.log(JSON.stringify({
    requests: stats.requests.total,
    assertions: stats.assertions.total,
    failures: failures.map(({ error: failure, source }) => `${source.name}: ${failure.message}`),
  }));
});
