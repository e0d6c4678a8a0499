// Reads questions, one JSON object per line: {profile, secret, headers, body (base64)}. Answers each with a line:
// {verifier: true | false, ...}, what each verifier that receivers of this profile use says of it.
import crypto from 'node:crypto';
import { createInterface } from 'node:readline';
import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { verify as octokit } from '@octokit/webhooks-methods';

const thrown = (f) => { try { f(); return true; } catch { return false; } };
const hmacHex = (secret, body) => crypto.createHmac('sha256', secret).update(body).digest('hex');
const same = (a, b) => a.length === b.length && crypto.timingSafeEqual(Buffer.from(a), Buffer.from(b));

// The asymmetric half of Standard Webhooks, which those libraries leave out: Ed25519 by Node's crypto.
function ed25519(key, headers, body) {
  const raw = Buffer.from(key.replace('whpk_', ''), 'base64');
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  const publicKey = crypto.createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body]);
  return headers['webhook-signature'].split(' ').filter((s) => s.startsWith('v1a,'))
    .some((s) => crypto.verify(null, signed, publicKey, Buffer.from(s.slice(4), 'base64')));
}

const standard = (secret, headers, body) => secret.startsWith('whpk_')
  ? { 'node:crypto ed25519': ed25519(secret, headers, body) }
  : {
      standardwebhooks: thrown(() => new Standard(secret).verify(body.toString(), headers)),
      svix: thrown(() => new Svix(secret).verify(body.toString(), headers)),
    };

const verifiers = {
  standard,
  claimable: standard,
  async claimport(secret, headers, body) {
    const got = headers['x-claimport-signature'];
    return {
      '@octokit/webhooks-methods': await octokit(secret, body.toString(), got),
      'node:crypto': same(got, 'sha256=' + hmacHex(secret, body)),
    };
  },
  // GitHub's scheme with another prefix, and several in one header.
  async instaclaim(secret, headers, body) {
    const parts = headers['x-instaclaim-signature'].split(',').map((s) => s.trim());
    const verdicts = await Promise.all(parts.map((s) => octokit(secret, body.toString(), s.replace(/^v1=/, 'sha256='))));
    return {
      '@octokit/webhooks-methods': verdicts.some(Boolean),
      'node:crypto': parts.some((s) => same(s, 'v1=' + hmacHex(secret, body))),
    };
  },
  // As the vendor's own sample does it: the digest first, and an RSA-SHA256 verifier over that.
  instnt(publicKey, headers, body) {
    const digest = crypto.createHash('sha256').update(body).digest();
    return { 'node:crypto RSA-SHA256': crypto.createVerify('RSA-SHA256').update(digest).verify(publicKey, headers['instnt-signature'], 'base64') };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const q = JSON.parse(line);
  console.log(JSON.stringify(await verifiers[q.profile](q.secret, q.headers, Buffer.from(q.body, 'base64'))));
}
