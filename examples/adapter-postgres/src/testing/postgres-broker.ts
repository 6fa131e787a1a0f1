/** A server that the conformance suite breaks: killed, frozen, cut off, its login and permissions taken away. */
import { type ConfigOverlay, type LogAccess, type Login, ProxiedBroker } from '@ebus/conformance';
import { type Service, startService } from '@ebus/services';
import { schemaStatements } from '../schema.js';
import { PostgresLog } from './postgres-log.js';

/** Refuses what is listed in `denied`, as a missing grant does. */
const RULES = `
CREATE TABLE $S.denied (topic text NOT NULL, use text NOT NULL);
CREATE FUNCTION $S.refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = $S AS $body$
BEGIN
  IF EXISTS (SELECT 1 FROM denied WHERE topic = NEW.topic AND use = TG_ARGV[0]) THEN
    RAISE EXCEPTION 'permission denied for topic %', NEW.topic USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER refuse BEFORE INSERT ON $S.messages FOR EACH ROW EXECUTE FUNCTION $S.refuse('publish');
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON $S.groups FOR EACH ROW EXECUTE FUNCTION $S.refuse('subscribe');
CREATE TRIGGER refuse BEFORE UPDATE ON $S.deliveries FOR EACH ROW EXECUTE FUNCTION $S.refuse('subscribe');`;

export class PostgresBroker extends ProxiedBroker<Service> {
  readonly log: LogAccess;
  readonly #log: PostgresLog;
  readonly #schema: string;

  constructor(schema: string) {
    super();
    this.#schema = schema;
    this.#log = new PostgresLog(() => this.server.addresses[0] as string, schema);
    this.log = this.#log;
  }

  async start(): Promise<ConfigOverlay> {
    this.server = await startService('postgres', { own: true });
    await this.network.listen();
    this.network.forwardTo(new URL(this.server.addresses[0] as string).host);
    await this.#log.query(`
      CREATE ROLE app LOGIN PASSWORD 'right';
      GRANT CREATE ON DATABASE ebus TO app;
      BEGIN; SET ROLE app; ${schemaStatements(this.#schema)} COMMIT; RESET ROLE;
      ${RULES}`);
    return { postgres: { url: this.#url('app'), requestTimeout: '2s' } };
  }

  /** Its processes for clients outlive a server that was killed by a moment, and keep the next one from starting. */
  override async restart(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await super.restart();
      } catch (error) {
        if (attempt === 5 || !String(error).includes('shared memory block')) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  override async close(): Promise<void> {
    await this.#log.close();
    await super.close();
  }

  readonly permissions = {
    deny: async (topic: string, use: 'publish' | 'subscribe'): Promise<void> => {
      await this.#log.query('INSERT INTO $S.denied VALUES ($1, $2)', [topic, use]);
    },
    restore: async (): Promise<void> => {
      await this.#log.query('DELETE FROM $S.denied');
    },
  };

  readonly login = new PostgresLogin(
    (text) => this.#log.query(text),
    () => this.#url('nobody'),
  );

  #url(user: string): string {
    return `postgres://${user}:right@${this.network.address}/ebus`;
  }
}

class PostgresLogin implements Login {
  readonly #query: (text: string) => Promise<unknown>;
  readonly #wrongUrl: () => string;

  constructor(query: (text: string) => Promise<unknown>, wrongUrl: () => string) {
    this.#query = query;
    this.#wrongUrl = wrongUrl;
  }

  get wrong(): ConfigOverlay {
    return { postgres: { url: this.#wrongUrl() } };
  }

  async take(): Promise<void> {
    await this.#query('ALTER ROLE app NOLOGIN');
    await this.#query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");
  }

  async giveBack(): Promise<void> {
    await this.#query('ALTER ROLE app LOGIN');
  }
}
