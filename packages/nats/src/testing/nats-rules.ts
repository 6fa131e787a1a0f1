/** Logins and permissions of a test's servers, and how they are taken away while these run. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Service } from '@ebus/services';
import { streamName } from '../names.js';
import { eventually } from './harness.js';

/** May do everything. */
export const ROOT = { user: 'root', pass: 'root' };

export interface Rules {
  /** Of the user `app`. */
  password: string;
  denied: { publish: string[]; subscribe: string[] };
}

/** Everything is permitted. */
export const openRules = (): Rules => ({ password: 'right', denied: { publish: [], subscribe: [] } });

/** Between these lines is what tests change. */
const [BEGIN, END] = ['# rules', '# end of rules'];

/** Lines of a server's configuration. */
export function authorization({ password, denied }: Rules): string {
  const deny = (subjects: string[]) => `{ deny: [${subjects.map((one) => JSON.stringify(one)).join(', ')}] }`;
  return [
    BEGIN,
    'authorization {',
    '  users: [',
    `    { user: ${ROOT.user}, password: ${ROOT.pass} }`,
    `    { user: app, password: ${password}, permissions: {`,
    `      publish: ${deny(denied.publish)}, subscribe: ${deny(denied.subscribe)} } }`,
    '  ]',
    '}',
    END,
  ].join('\n');
}

/** Takes a topic away from `app`. */
export function deny(
  { denied: { publish, subscribe } }: Rules,
  topic: string,
  use: 'publish' | 'subscribe',
): void {
  if (use === 'publish') {
    publish.push(topic);
    return;
  }
  // Without JetStream by the subject, with it by what a consumer asks for.
  subscribe.push(topic);
  for (const request of ['CREATE', 'DURABLE.CREATE', 'MSG.NEXT'])
    publish.push(`$JS.API.CONSUMER.${request}.${streamName(topic)}.>`);
}

/** Has all servers read their configuration again, which `authorization` is a part of. */
export async function apply(service: Service, rules: Rules): Promise<void> {
  const { folder, monitoring } = service;
  const pids = await service.pids();
  for (const [i, pid] of pids.entries()) {
    if (folder === undefined || pid === null)
      throw new Error('rules can be changed only where the servers are processes of this machine');
    const file = join(folder, `${basename(folder)}-${i + 1}`, 'nats.conf');
    const text = await readFile(file, 'utf8');
    const [before, after] = [text.split(BEGIN)[0], text.split(END)[1]];
    await writeFile(file, `${before}${authorization(rules)}${after}`);
    const loaded = await loadedAt(monitoring[i]);
    process.kill(pid, 'SIGHUP');
    await eventually(async () => (await loadedAt(monitoring[i])) !== loaded, 'the configuration is loaded');
  }
}

async function loadedAt(monitoring: string | undefined): Promise<string> {
  const answer = await fetch(`${monitoring}/varz`);
  return ((await answer.json()) as { config_load_time: string }).config_load_time;
}
