/** Breaks things, one after the other in each of two lanes: brokers and networks, and processes. A seed decides. */
import { type Random, randomOf } from '../../../packages/conformance/src/simulation/time/random.js';
import type { Cluster } from './cluster.js';
import type { Fleet, Member } from './fleet.js';
import type { Task } from './reports.js';

export interface NemesisOptions {
  readonly cluster: Cluster;
  readonly fleet: Fleet;
  readonly seed: number;
  /** A task for one more consumer. */
  readonly anotherConsumer: () => Task;
  /** For a process that goes on where one was killed. */
  readonly taskAfter: (task: Task) => Task;
}

type Fault = () => Promise<void>;

const MOST_CONSUMERS = 5;

export class Nemesis {
  readonly counts = new Map<string, number>();
  readonly #options: NemesisOptions;
  readonly #stopping = withResolvers();
  #isStopping = false;
  #lanes: Promise<unknown> = Promise.resolve();

  constructor(options: NemesisOptions) {
    this.#options = options;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  start(): void {
    const { seed } = this.#options;
    const lanes = [
      this.#lane(randomOf(seed, 'brokers'), (random) => this.#brokerFaults(random)),
      this.#lane(randomOf(seed, 'processes'), (random) => this.#processFaults(random)),
    ];
    this.#lanes = Promise.all(lanes);
  }

  /** Begins nothing more. Resolves once everything is mended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopping.resolve();
    await this.#lanes;
  }

  async #lane(random: Random, faults: (random: Random) => Record<string, Fault>): Promise<void> {
    const { fleet } = this.#options;
    await this.#pause(random.between(500, 1_500));
    while (!this.#isStopping) {
      const all = faults(random);
      const name = random.pick(Object.keys(all));
      if (name === undefined) {
        await this.#pause(500);
        continue;
      }
      fleet.note('nemesis', name);
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      try {
        await all[name]?.();
        fleet.note('nemesis', `over: ${name}`);
      } catch (error) {
        fleet.note('nemesis', `could not: ${name}: ${(error as Error).message}`);
      }
      await this.#pause(random.between(1_000, 6_000));
    }
  }

  #brokerFaults(random: Random): Record<string, Fault> {
    const { service, networks, faults } = this.#options.cluster;
    const node = 1 + random.int(networks.length);
    const network = networks[node - 1] as (typeof networks)[number];
    const during = random.between(300, 6_000);
    const pause = () => this.#pause(during);
    const own = Object.entries(faults).map(([name, fault]) => [name, () => fault(pause)] as const);
    return {
      ...Object.fromEntries(own),
      'a node is killed': async () => {
        await service.kill(node);
        await this.#pause(during);
        await service.restart(node);
      },
      'all nodes are killed': async () => {
        const nodes = networks.map((_, i) => i + 1);
        await Promise.all(nodes.map((one) => service.kill(one)));
        await this.#pause(during / 4);
        await Promise.all(nodes.map((one) => service.restart(one)));
      },
      'a node is restarted in order': async () => {
        await service.stop(node);
        await service.restart(node);
      },
      'a node freezes': async () => {
        await service.pause(node);
        await this.#pause(2 * during);
        await service.resume(node);
      },
      'connections to a node are cut': async () => {
        network.cut();
        await this.#pause(during);
        network.heal();
      },
      'all connections are cut': async () => {
        for (const one of networks) one.cut();
        await this.#pause(during);
        for (const one of networks) one.heal();
      },
      'a node answers nothing': async () => {
        network.swallow();
        await this.#pause(2 * during);
        network.cut();
        network.heal();
      },
      'a node answers slowly': async () => {
        for (let beat = 0; beat < 20 && !this.#isStopping; beat++) {
          network.holdAnswers();
          await this.#pause(random.between(50, 400));
          network.heal();
          await this.#pause(30);
        }
      },
    };
  }

  #processFaults(random: Random): Record<string, Fault> {
    const { fleet, anotherConsumer, taskAfter } = this.#options;
    const during = random.between(200, 12_000);
    const everybody = fleet.of('consumer');
    const all = everybody.filter(({ isReady }) => isReady);
    const producers = fleet.of('producer').filter(({ isReady }) => isReady);
    const join: Fault = async () => void fleet.start(anotherConsumer());
    const frozen = (member: Member) => async () => {
      member.pause();
      await this.#pause(during);
      member.resume();
    };
    const replaced = (leave: () => Promise<unknown>) => async () => {
      await leave();
      await join();
    };
    const faults: Record<string, Fault> = {};
    if (everybody.length < MOST_CONSUMERS) faults['a consumer joins'] = join;
    if (all.length > 0) {
      const consumer = random.pick(all);
      faults['a consumer is killed'] = replaced(() => consumer.kill());
      faults['a consumer leaves in order'] = replaced(() => consumer.stop(30_000));
      faults['a consumer sleeps'] = frozen(consumer);
      if (all.length > 2) faults['a consumer leaves for good'] = () => consumer.stop(30_000).then(() => {});
    }
    if (producers.length > 0) {
      const producer = random.pick(producers);
      faults['a producer is killed'] = async () => {
        await producer.kill();
        fleet.start(taskAfter(producer.task));
      };
      faults['a producer sleeps'] = frozen(producer);
    }
    return faults;
  }

  /** Ends early where the nemesis stops. */
  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([over, this.#stopping.promise]);
    clearTimeout(timer);
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
