/** A broker that the conformance suite breaks: killed, frozen, cut off, its login and permissions taken away. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigOverlay, type LogAccess, ProxiedBroker } from '@ebus/conformance';
import { type Service, startService } from '@ebus/services';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  KafkaLog,
  ResourcePatternTypes,
} from './kafka-log.js';

const PRINCIPAL = 'User:app';

/** Clients log in; the other listener, which `log` uses, may do everything. */
const config = [
  'sasl.enabled.mechanisms=PLAIN',
  'listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_app="right";',
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users=User:ANONYMOUS',
  'allow.everyone.if.no.acl.found=true',
].join('\n');

const login = (password: string): ConfigOverlay => ({
  kafka: {
    security: {
      enabled: true,
      protocol: 'SASL_PLAINTEXT',
      mechanism: 'PLAIN',
      username: 'app',
      password,
    },
  },
});

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
      config,
    });
    this.network.forwardTo(this.server.addresses[0] as string);
    const text = await readFile(this.#file, 'utf8');
    this.#internal = /^advertised\.listeners=.*INTERNAL:\/\/([\d.]+:\d+)/m.exec(text)?.[1] ?? '';
    const { kafka } = login('right') as { kafka: object };
    return { kafka: { brokers: [this.network.address], ...kafka } };
  }

  override async close(): Promise<void> {
    await this.#log.close();
    await super.close();
  }

  readonly permissions = {
    deny: async (topic: string, use: 'publish' | 'subscribe'): Promise<void> => {
      const admin = await this.#log.admin();
      const operation = use === 'publish' ? AclOperationTypes.WRITE : AclOperationTypes.READ;
      const rule = {
        resourceType: AclResourceTypes.TOPIC,
        resourceName: topic,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: PRINCIPAL,
        host: '*',
      };
      // A topic with any rule permits only what its rules say.
      await admin.createAcls({
        acl: [
          { ...rule, operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.ALLOW },
          { ...rule, operation, permissionType: AclPermissionTypes.DENY },
        ],
      });
    },
    restore: async (): Promise<void> => {
      const admin = await this.#log.admin();
      await admin.deleteAcls({
        filters: [
          {
            resourceType: AclResourceTypes.TOPIC,
            resourcePatternType: ResourcePatternTypes.LITERAL,
            principal: PRINCIPAL,
            operation: AclOperationTypes.ANY,
            permissionType: AclPermissionTypes.ANY,
          },
        ],
      });
    },
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
