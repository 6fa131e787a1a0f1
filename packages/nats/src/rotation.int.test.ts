/** Certificates and credentials that are replaced while a service runs: read at every attempt to connect. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '@ebus/services';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NatsSecurityConfig } from './index.js';
import { certificates, clientFiles, MUTUAL_TLS } from './testing/certificates.js';
import { anAccount } from './testing/credentials.js';
import { Cleanup, event, eventually, History, natsBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

let folder: string;
beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'ebus-rotation-'));
  folder = made;
  cleanup.add(made, (one) => rmSync(one, { recursive: true, force: true }));
});

/** A service that publishes to itself. */
async function running(urls: readonly string[], security: NatsSecurityConfig) {
  const settings = { nats: { security: { enabled: true, ...security } } };
  const bus = cleanup.add(await natsBus(urls, settings), (one) => one.close({ timeout: '1s' }));
  const topic = uniqueName('topic');
  const history = new History();
  await bus.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  let sequence = 0;
  const works = async () => {
    const mine = ++sequence;
    await bus.publishEnvelope(topic, event('a', mine), { timeout: '30s' });
    history.accept('a', mine);
    await eventually(() => history.isComplete, 'it works');
    history.check();
  };
  await works();
  return { bus, works };
}

it('certificates of another authority, on both sides', { timeout: 40_000 }, async (context) => {
  const files = certificates(folder);
  if (files === undefined) return context.skip('there is no openssl to make certificates with');
  const server = cleanup.add(await startService('nats', { own: true, config: MUTUAL_TLS, files }), (one) =>
    one.close(),
  );
  const mine = mkdtempSync(join(folder, 'client-'));
  const use = () => {
    for (const file of Object.values(clientFiles(folder)))
      copyFileSync(file, join(mine, file.slice(folder.length + 1)));
  };
  use();
  const { bus, works } = await running(server.addresses, clientFiles(mine));
  await server.kill();
  await eventually(() => bus.connection.state().status === 'reconnecting', 'the loss is noticed');
  const renewed = certificates(folder) ?? {};
  for (const entry of readdirSync(server.folder ?? '', { recursive: true, withFileTypes: true })) {
    const content = renewed[entry.name];
    if (content !== undefined) writeFileSync(join(entry.parentPath, entry.name), content);
  }
  await server.restart();
  use();
  await works();
});

it('credentials that expire, and were renewed in time or late', { timeout: 40_000 }, async () => {
  const { config, credentials } = anAccount();
  const server = cleanup.add(await startService('nats', { own: true, config }), (one) => one.close());
  const credFile = join(folder, 'app.creds');
  writeFileSync(credFile, credentials(3));
  const { bus, works } = await running(server.addresses, { credFile });
  const refused: number[] = [];
  bus.on('reconnecting', () => void refused.push(1));
  await eventually(() => refused.length > 0, 'the server ends the connection');
  // It is refused meanwhile, again and again.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(bus.connection.state().status).toBe('reconnecting');
  writeFileSync(credFile, credentials(3));
  await works();
  writeFileSync(credFile, credentials());
  await eventually(() => refused.length > 1, 'these have expired as well');
  await works();
});
