// vitest's global set-up: tests may ask for shared services, which start when the first one asks and end with the run.

import { ensureKafkaClient } from '../bootstrap/kafka-client.mjs';
import { serveShared } from './shared-service.mjs';
import { prepareService } from './start-service.mjs';

const say = (line) => console.error(`[services] ${line}`);

/** What selected test files will ask for. Only what may take minutes on a new machine needs to be known beforehand. */
const needs = [
  { files: /\/packages\/nats\/|\.int\.test\.ts$/, service: 'nats', versions: ['current', '2.9'] },
  { files: /\/packages\/kafka\/.*\.(int|conformance)\.test\.ts$/, service: 'kafka', versions: ['current'] },
];

export async function setup(project) {
  const shared = await serveShared({ log: say });
  const files = project.vitest.state.getPaths();
  if (files.some((file) => file.includes('/packages/kafka/'))) await prepareClient();
  for (const { files: pattern, service, versions } of needs) {
    if (!files.some((file) => pattern.test(file))) continue;
    for (const version of versions) await prepare(service, version);
  }
  return () => shared.close();
}

async function prepareClient() {
  const { code, output } = await ensureKafkaClient(say);
  if (code !== 0) say(output);
}

/** Compiles and downloads here, where no test's timeout runs. A test that needs it says what is missing. */
async function prepare(service, version) {
  try {
    await prepareService(service, { version, log: say });
  } catch (error) {
    say(error.message);
  }
}
