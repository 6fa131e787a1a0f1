/** Every way to log in, and TLS, against servers that demand it. Keys and certificates are made here. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '@ebus/services';
import { createUser } from '@nats-io/nkeys';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NatsSecurityConfig } from './index.js';
import { certificates, clientFiles, MUTUAL_TLS } from './testing/certificates.js';
import { anAccount } from './testing/credentials.js';
import { type BusSettings, Cleanup, natsBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebus-security-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

const utf8 = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function server(options: { config: string; files?: Record<string, string> }) {
  const { addresses } = cleanup.add(await startService('nats', { own: true, ...options }), (one) =>
    one.close(),
  );
  return addresses;
}

/** Connects, stores, receives; the subscription asks JetStream's API. */
async function works(
  urls: readonly string[],
  security: NatsSecurityConfig,
  more: NonNullable<BusSettings['nats']> = {},
): Promise<void> {
  const bus = cleanup.add(
    await natsBus(urls, { nats: { ...more, security: { enabled: true, ...security } } }),
    (one) => one.close(),
  );
  const topic = uniqueName('topic');
  const received: string[] = [];
  await bus.subscribe(topic, (message) => void received.push(message.text()));
  await bus.publish(topic, 'x');
  await expect.poll(() => received).toEqual(['x']);
}

function refused(
  urls: readonly string[],
  security: NatsSecurityConfig | undefined,
  more: NonNullable<BusSettings['nats']> = {},
) {
  const nats = security === undefined ? {} : { ...more, security: { enabled: true, ...security } };
  return expect(natsBus(urls, { nats, common: { connectTimeout: 1_000 } })).rejects;
}

describe('logging in', () => {
  it('with a token', async () => {
    const urls = await server({ config: 'authorization { token: "s3cret" }' });
    await works(urls, { token: 's3cret' });
    await refused(urls, { token: 'other' }).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('with an nkey', async () => {
    const [key, other] = [createUser(), createUser()];
    const urls = await server({ config: `authorization { users: [ { nkey: ${key.getPublicKey()} } ] }` });
    await works(urls, { nkeyFile: written('user.nk', `${utf8(key.getSeed())}\n`) });
    const nkeyFile = written('other.nk', utf8(other.getSeed()));
    await refused(urls, { nkeyFile }).toMatchObject({ code: 'UNAUTHORIZED', retryable: false });
  });

  it('with a credentials file', async () => {
    const { config, credentials, forged } = anAccount();
    const urls = await server({ config });
    await works(urls, { credFile: written('app.creds', credentials()) });
    await refused(urls, { credFile: written('forged.creds', forged()) }).toMatchObject({
      code: 'UNAUTHORIZED',
    });
    await refused(urls, undefined).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('with a file that is not there says which one', async () => {
    await refused(['nats://127.0.0.1:1'], { credFile: join(folder, 'missing') }).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('nats.security.credFile'),
    });
  });
});

describe('TLS', () => {
  it('checks the server, and shows it a certificate', async (context) => {
    const files = certificates(folder);
    if (files === undefined) return context.skip('there is no openssl to make certificates with');
    const urls = await server({ config: MUTUAL_TLS, files });
    const { caFile, certFile, keyFile } = clientFiles(folder);
    await works(urls, { caFile, certFile, keyFile });
    await works(urls, { skipVerify: true, certFile, keyFile });
    const secure = urls.map((url) => url.replace('nats://', 'tls://'));
    await works(secure, { caFile, certFile, keyFile });
    // An authority that is not known, no certificate of one's own, and a server's demand for TLS that is not met.
    await refused(urls, { certFile, keyFile }).toMatchObject({ code: 'CONNECTION_FAILED' });
    await refused(urls, { caFile }).toMatchObject({ code: 'CONNECTION_FAILED' });
  });

  it('comes first where the server demands that', async (context) => {
    const files = certificates(folder);
    if (files === undefined) return context.skip('there is no openssl to make certificates with');
    // After that time the server speaks first all the same: the service that is started here is waited for so.
    const urls = await server({ config: MUTUAL_TLS.replace('}', ', handshake_first: "700ms" }'), files });
    const mine = clientFiles(folder);
    await works(urls, { ...mine, handshakeFirst: true }, { connectionTimeout: '400ms' });
    const refusal = refused(urls, mine, { connectionTimeout: '400ms' });
    await refusal.toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
  });
});
