/** Every way to log in, and TLS, against servers that demand it. Keys and certificates are made here. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '@ebus/services';
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NatsSecurityConfig } from './index.js';
import { Cleanup, natsBus, uniqueName } from './testing/harness.js';

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
async function works(urls: readonly string[], security: NatsSecurityConfig): Promise<void> {
  const bus = cleanup.add(
    await natsBus(urls, { nats: { security: { enabled: true, ...security } } }),
    (one) => one.close(),
  );
  const topic = uniqueName('topic');
  const received: string[] = [];
  await bus.subscribe(topic, (message) => void received.push(message.text()));
  await bus.publish(topic, 'x');
  await expect.poll(() => received).toEqual(['x']);
}

function refused(urls: readonly string[], security: NatsSecurityConfig | undefined) {
  const nats = security === undefined ? {} : { security: { enabled: true, ...security } };
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
    const [operator, account, system, user] = [
      createOperator(),
      createAccount(),
      createAccount(),
      createUser(),
    ];
    const limits = {
      ...{ subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 },
      ...{ mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 },
    };
    const none = { ...limits, mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 };
    const urls = await server({
      config: `
        operator: ${jwt(operator, operator, 'operator', {})}
        system_account: ${system.getPublicKey()}
        resolver: MEMORY
        resolver_preload: {
          ${account.getPublicKey()}: ${jwt(account, operator, 'account', { limits })}
          ${system.getPublicKey()}: ${jwt(system, operator, 'account', { limits: none })}
        }`,
    });
    const token = jwt(user, account, 'user', { pub: {}, sub: {}, subs: -1, data: -1, payload: -1 });
    await works(urls, { credFile: written('app.creds', credentials(token, user)) });
    const stranger = createUser();
    const forged = jwt(stranger, createAccount(), 'user', {
      pub: {},
      sub: {},
      subs: -1,
      data: -1,
      payload: -1,
    });
    await refused(urls, { credFile: written('forged.creds', credentials(forged, stranger)) }).toMatchObject({
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
    const files = certificates();
    if (files === undefined) return context.skip('there is no openssl to make certificates with');
    const tls = 'tls { cert_file: server.pem, key_file: server.key, ca_file: ca.pem, verify: true }';
    const urls = await server({ config: tls, files });
    const [caFile, certFile, keyFile] = ['ca.pem', 'client.pem', 'client.key'].map((name) =>
      join(folder, name),
    );
    await works(urls, { caFile, certFile, keyFile });
    await works(urls, { skipVerify: true, certFile, keyFile });
    const secure = urls.map((url) => url.replace('nats://', 'tls://'));
    await works(secure, { caFile, certFile, keyFile });
    // An authority that is not known, no certificate of one's own, and a server's demand for TLS that is not met.
    await refused(urls, { certFile, keyFile }).toMatchObject({ code: 'CONNECTION_FAILED' });
    await refused(urls, { caFile }).toMatchObject({ code: 'CONNECTION_FAILED' });
  });
});

/** The NATS form of a JSON web token: signed by an nkey. */
function jwt(subject: KeyPair, issuer: KeyPair, type: string, claims: object): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const body = {
    jti: uniqueName('jti'),
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: type,
    nats: { ...claims, type, version: 2 },
  };
  const signed = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(body)}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}

function credentials(token: string, user: KeyPair): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    token,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    utf8(user.getSeed()),
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
}

/** An authority, and what it has signed for a server on the loopback address and for a client; into the folder. */
function certificates(): Record<string, string> | undefined {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  try {
    openssl('version');
  } catch {
    return undefined;
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=ebus test',
  );
  for (const [name, usage] of [
    ['server', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(join(folder, 'extensions'), usage);
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'extensions'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-days', '2', '-out', `${name}.pem`);
  }
  const read = (name: string) => [name, readFileSync(join(folder, name), 'utf8')];
  return Object.fromEntries(['ca.pem', 'server.pem', 'server.key'].map(read));
}
