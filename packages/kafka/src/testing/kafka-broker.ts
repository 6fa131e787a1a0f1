/** A broker that the conformance suite breaks: killed, frozen, cut off, its login and permissions taken away. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigOverlay, type LogAccess, ProxiedBroker } from '@ebus/conformance';
import { type Service, startService } from '@ebus/services';
import { KafkaLog } from './kafka-log.js';
import { deny, login, restore, rules } from './kafka-rules.js';

export class KafkaBroker extends ProxiedBroker<Service> {
  readonly log: LogAccess;
  readonly #log: KafkaLog;
  #internal = '';

  constructor() {
    super();
    this.#log = new KafkaLog(() => this.#internal);
    this.log = this.#log;
  }

  async start(): Promise<ConfigOverlay> {
    await this.network.listen();
    this.server = await startService('kafka', {
      own: true,
      protocol: 'SASL_PLAINTEXT',
      // Clients go where the broker tells them to go.
      advertised: this.network.address,
      config: rules,
    });
    this.network.forwardTo(this.server.addresses[0] as string);
    const text = await readFile(this.#file, 'utf8');
    this.#internal = /^advertised\.listeners=.*INTERNAL:\/\/([\d.]+:\d+)/m.exec(text)?.[1] ?? '';
    return { kafka: { brokers: [this.network.address], ...login('right').kafka } };
  }

  override async close(): Promise<void> {
    await this.#log.close();
    await super.close();
  }

  readonly permissions = {
    deny: async (topic: string, use: 'publish' | 'subscribe') => deny(await this.#log.admin(), topic, use),
    restore: async () => restore(await this.#log.admin()),
  };

  readonly login = {
    wrong: login('wrong'),
    take: () => this.#restartWith('user_app="other"'),
    giveBack: () => this.#restartWith('user_app="right"'),
  };

  get #file(): string {
    const { folder } = this.server;
    if (folder === undefined) throw new Error('the suite needs a broker that is a process of this machine');
    return join(folder, 'kafka-1', 'server.properties');
  }

  /** Logins are read when the broker starts. */
  async #restartWith(user: string): Promise<void> {
    const text = await readFile(this.#file, 'utf8');
    await writeFile(this.#file, text.replace(/user_app="\w+"/, user));
    await this.server.restart();
  }
}
