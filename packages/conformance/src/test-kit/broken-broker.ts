/** The breakable broker in the hands of one test: what the test breaks is remembered, and mended afterwards. */
import type { BreakableBroker, ConfigOverlay, Network, Permissions } from '../abilities.js';

type Undo = () => Promise<void>;

/** Delegates to the harness' broker. A method that the harness lacks throws when it is called. */
export class BrokenBroker {
  readonly #broker: BreakableBroker;
  readonly #undo = new Map<string, Undo>();

  constructor(broker: BreakableBroker) {
    this.#broker = broker;
  }

  get network(): Network {
    return offered(this.#broker.network, 'network');
  }

  /** The overlay with a login that is refused. */
  get wrongLogin(): ConfigOverlay {
    return offered(this.#broker.login, 'login').wrong;
  }

  async kill(): Promise<void> {
    this.#undo.set('kill', () => this.restart());
    await offered(this.#broker.kill, 'kill').call(this.#broker);
  }

  async restart(): Promise<void> {
    await offered(this.#broker.restart, 'restart').call(this.#broker);
    this.#undo.delete('kill');
    this.#undo.delete('freeze');
  }

  async freeze(): Promise<void> {
    this.#undo.set('freeze', () => this.thaw());
    await offered(this.#broker.freeze, 'freeze').call(this.#broker);
  }

  async thaw(): Promise<void> {
    this.#undo.delete('freeze');
    await offered(this.#broker.thaw, 'thaw').call(this.#broker);
  }

  async deny(topic: string, use: Parameters<Permissions['deny']>[1]): Promise<void> {
    this.#undo.set('permissions', () => this.permit());
    await offered(this.#broker.permissions, 'permissions').deny(topic, use);
  }

  async permit(): Promise<void> {
    this.#undo.delete('permissions');
    await offered(this.#broker.permissions, 'permissions').restore();
  }

  async takeLogin(): Promise<void> {
    const login = offered(this.#broker.login, 'login');
    this.#undo.set('login', () => this.giveLogin());
    await offered(login.take, 'login.take').call(login);
  }

  async giveLogin(): Promise<void> {
    this.#undo.delete('login');
    const login = offered(this.#broker.login, 'login');
    await offered(login.giveBack, 'login.giveBack').call(login);
  }

  /** All is well again, whatever the test left behind. */
  async mend(): Promise<void> {
    this.#broker.network?.heal();
    for (const undo of [...this.#undo.values()]) await undo();
  }
}

function offered<T>(ability: T | undefined, name: string): T {
  if (ability === undefined) throw new Error(`the test uses broker.${name} without asking for it`);
  return ability;
}
