// The signed POST that both queues do for each job: Standard Webhooks headers, keep-alive, as many connections as jobs
// may run at once.
import crypto from 'node:crypto';
import { Pool } from 'undici';

export function sender(url, connections) {
  const target = new URL(url);
  const pool = new Pool(target.origin, { connections, pipelining: 1 });
  const key = crypto.randomBytes(32);
  return async (id, data) => {
    const body = JSON.stringify({ type: 'claim.created', timestamp: new Date().toISOString(), data });
    const at = Math.floor(Date.now() / 1000);
    const mac = crypto.createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
    const answer = await pool.request({
      path: target.pathname,
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'webhook-id': String(id),
        'webhook-timestamp': String(at),
        'webhook-signature': `v1,${mac}`,
      },
    });
    await answer.body.dump();
    if (answer.statusCode >= 300) throw new Error(`status ${answer.statusCode}`);
  };
}

// About 500 bytes, as the other halves of the benchmark send.
export const payload = { claim: { id: 'c0ffee', note: 'x'.repeat(400) } };

// Prints jobs per second between the first and the last completion of n jobs.
export function meter(n) {
  let done = 0;
  let first = 0;
  let finish;
  const finished = new Promise((resolve) => { finish = resolve; });
  return {
    finished,
    count() {
      if (done === 0) first = process.hrtime.bigint();
      if (++done === n) finish((n - 1) / (Number(process.hrtime.bigint() - first) / 1e9));
    },
  };
}
