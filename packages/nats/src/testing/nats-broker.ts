/** A server that the conformance suite breaks: killed, frozen, cut off, its login and permissions taken away. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ConfigOverlay, type LogAccess, ProxiedBroker } from '@ebus/conformance';
import { type Service, startService } from '@ebus/services';
import { streamName } from '../names.js';
import { eventually } from './harness.js';
import { NatsLog } from './nats-log.js';

const ROOT = { user: 'root', pass: 'root' };

interface Rules {
  password: string;
  denied: { publish: string[]; subscribe: string[] };
}

const OPEN: Rules = { password: 'right', denied: { publish: [], subscribe: [] } };

/** Between these lines is what tests change. */
const [BEGIN, END] = ['# rules', '# end of rules'];

function authorization({ password, denied }: Rules): string {
  const deny = (subjects: string[]) => `{ deny: [${subjects.map((one) => JSON.stringify(one)).join(', ')}] }`;
  return [
    BEGIN,
    'authorization {',
    '  users: [',
    '    { user: root, password: root }',
    `    { user: app, password: ${password}, permissions: {`,
    `      publish: ${deny(denied.publish)}, subscribe: ${deny(denied.subscribe)} } }`,
    '  ]',
    '}',
    END,
  ].join('\n');
}

export class NatsBroker extends ProxiedBroker<Service> {
  readonly log: LogAccess;
  readonly #version: string;
  readonly #log: NatsLog;
  #rules: Rules = structuredClone(OPEN);

  constructor(version: string) {
    super();
    this.#version = version;
    this.#log = new NatsLog(() => this.server.addresses[0] as string, ROOT);
    this.log = this.#log;
  }

  async start(): Promise<ConfigOverlay> {
    this.server = await startService('nats', {
      own: true,
      version: this.#version,
      config: authorization(this.#rules),
    });
    await this.network.listen();
    this.network.forwardTo(this.server.addresses[0] as string);
    return {
      nats: {
        urls: [`nats://${this.network.address}`],
        reconnectWait: '50ms',
        security: { enabled: true, username: 'app', password: 'right' },
        // What it acknowledged must survive that it is killed.
        jetstream: { stream: { storage: 'file' } },
      },
    };
  }

  override async close(): Promise<void> {
    await this.#log.close();
    await super.close();
  }

  readonly permissions = {
    deny: async (topic: string, use: 'publish' | 'subscribe'): Promise<void> => {
      const { publish, subscribe } = this.#rules.denied;
      if (use === 'publish') publish.push(topic);
      else {
        // Without JetStream by the subject, with it by what a consumer asks for.
        subscribe.push(topic);
        for (const request of ['CREATE', 'DURABLE.CREATE', 'MSG.NEXT'])
          publish.push(`$JS.API.CONSUMER.${request}.${streamName(topic)}.>`);
      }
      await this.#apply();
    },
    restore: async (): Promise<void> => {
      this.#rules.denied = structuredClone(OPEN.denied);
      await this.#apply();
    },
  };

  readonly login = {
    wrong: { nats: { security: { password: 'wrong' } } },
    take: async (): Promise<void> => {
      this.#rules.password = 'other';
      await this.#apply();
    },
    giveBack: async (): Promise<void> => {
      this.#rules.password = OPEN.password;
      await this.#apply();
    },
  };

  /** Has the server read its configuration again. */
  async #apply(): Promise<void> {
    const { folder } = this.server;
    const [pid] = await this.server.pids();
    if (folder === undefined || pid === null || pid === undefined)
      throw new Error('rules can be changed only where the server is a process of this machine');
    const file = join(folder, `${basename(folder)}-1`, 'nats.conf');
    const text = await readFile(file, 'utf8');
    const [before, after] = [text.split(BEGIN)[0], text.split(END)[1]];
    await writeFile(file, `${before}${authorization(this.#rules)}${after}`);
    const loaded = await this.#loadedAt();
    process.kill(pid, 'SIGHUP');
    await eventually(async () => (await this.#loadedAt()) !== loaded, 'the configuration is loaded');
  }

  async #loadedAt(): Promise<string> {
    const answer = await fetch(`${this.server.monitoring[0]}/varz`);
    return ((await answer.json()) as { config_load_time: string }).config_load_time;
  }
}
