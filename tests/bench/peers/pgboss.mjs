// usage: node pgboss.mjs CONNECTION_STRING URL JOBS    prints the jobs per second that pg-boss reaches with its fastest use:
// fetching batches in a loop, sending a batch at once, completing it in one call, two loops overlapping.
import PgBoss from 'pg-boss';
import { meter, payload, sender } from './send.mjs';

const [dsn, url, jobs] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const batch = 500;
const boss = new PgBoss({ connectionString: dsn, max: 10, supervise: false, schedule: false });
boss.on('error', (e) => console.error(e.message));
await boss.start();
await boss.createQueue('hook');
for (let made = 0; made < jobs; made += 1000) {
  await boss.insert(Array.from({ length: Math.min(1000, jobs - made) }, () => ({ name: 'hook', data: payload })));
}
const send = sender(url, 64);
const m = meter(jobs);
const loop = async () => {
  for (;;) {
    const got = await boss.fetch('hook', { batchSize: batch });
    if (got.length === 0) return;
    await Promise.all(got.map((job) => send(job.id, job.data)));
    await boss.complete('hook', got.map((job) => job.id));
    got.forEach(() => m.count());
  }
};
await Promise.all([loop(), loop()]);
console.log(Math.round(await m.finished));
process.exit(0);
