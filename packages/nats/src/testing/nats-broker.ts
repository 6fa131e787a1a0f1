/** A server that the conformance suite breaks: killed, frozen, cut off, its login and permissions taken away. */
import { type ConfigOverlay, type LogAccess, ProxiedBroker } from '@ebus/conformance';
import { type Service, startService } from '@ebus/services';
import { NatsLog } from './nats-log.js';
import { apply, authorization, deny, openRules, ROOT } from './nats-rules.js';

export class NatsBroker extends ProxiedBroker<Service> {
  readonly log: LogAccess;
  readonly #version: string;
  readonly #log: NatsLog;
  #rules = openRules();

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
      deny(this.#rules, topic, use);
      await this.#apply();
    },
    restore: async (): Promise<void> => {
      this.#rules = { ...openRules(), password: this.#rules.password };
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
      this.#rules.password = openRules().password;
      await this.#apply();
    },
  };

  #apply(): Promise<void> {
    return apply(this.server, this.#rules);
  }
}
