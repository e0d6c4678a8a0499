// usage: node graphile.mjs CONNECTION_STRING URL JOBS    prints the jobs per second that graphile-worker reaches, tuned as
// its own performance guide says: a local queue that fetches in batches, completions written in batches.
import { makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { meter, payload, sender } from './send.mjs';

const [dsn, url, jobs] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const concurrency = 64;
const pgPool = new pg.Pool({ connectionString: dsn, max: 20 });
const utils = await makeWorkerUtils({ pgPool });
await utils.migrate();
await pgPool.query(
  `select graphile_worker.add_jobs(array(select row('hook', $1::json, null, null, null, null, null, null)::graphile_worker.job_spec
     from generate_series(1, $2)), false)`, [JSON.stringify(payload), jobs]);
const send = sender(url, concurrency);
const m = meter(jobs);
const quiet = { info() {}, debug() {}, warn() {}, error: console.error };
const { Logger } = await import('graphile-worker');
const runner = await run({
  pgPool,
  noHandleSignals: true,
  logger: new Logger(() => (level, message) => { if (level === 'error') quiet.error(message); }),
  preset: {
    worker: {
      concurrentJobs: concurrency,
      maxPoolSize: 20,
      pollInterval: 100,
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
    },
  },
  taskList: { hook: async (data, helpers) => { await send(helpers.job.id, data); m.count(); } },
});
console.log(Math.round(await m.finished));
await runner.stop();
await utils.release().catch(() => {});
process.exit(0);
