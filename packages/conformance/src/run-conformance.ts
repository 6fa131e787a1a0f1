/** Runs every group of tests against one adapter. */
import type { CommonConfig, EventBusConfig } from '@ebus/core';
import { checkOptions, type Driver, kinds, optionTable, type TransportPlugin } from '@ebus/core/driver';
import { type GroupName, groupNames, groups } from './groups/index.js';
import type { Harness } from './harness.js';
import { KnownToFail, mustFail } from './known-to-fail.js';
import { lacking } from './offered.js';
import { claimsOf, type Offer, reasonToSkip } from './requirements.js';
import type { TestRunner } from './runner.js';
import { Stages } from './stage.js';
import type { Suite } from './suite.js';
import { Summary } from './summary.js';
import { Scenario } from './test-kit/scenario.js';

const object = kinds.kind('an object', (value) => typeof value === 'object' && value !== null);

const HARNESS = optionTable<Harness>({
  name: kinds.required(kinds.filledText),
  persistence: kinds.required(kinds.oneOf('persistent', 'ephemeral')),
  transport: kinds.required(kinds.withMethods('a transport', 'create')),
  config: kinds.required(object),
  topicOptions: object,
  patience: kinds.positiveDuration,
  log: object,
  broker: kinds.withMethods('a breakable broker', 'start', 'close'),
  program: object,
  leases: object,
  invalidTopics: kinds.kind('a list of names', Array.isArray),
  knownToFail: object,
});

export interface ConformanceOptions {
  /** The groups to run, to share a long run among several files. Default: all. */
  readonly groups?: readonly GroupName[];
}

const OPTIONS = optionTable<ConformanceOptions>({
  groups: kinds.kind(
    `a list of groups: ${groupNames.join(', ')}`,
    (value) => Array.isArray(value) && value.every((name) => groupNames.includes(name)),
  ),
});

/**
 * Defines the suite with the runner handed in. Await it at the top level of a test file: it asks the transport for
 * its capabilities on a bus of its own before it defines the tests, and skips by nothing else. What the harness does
 * not offer is listed as not proven, in titles and by the last test, which prints a summary.
 *
 * Every test has topics, groups and buses of its own, so that test files may share a broker and run in parallel. Those
 * that break a broker play on `harness.broker`, one after the other.
 */
export async function runConformance(
  runner: TestRunner,
  harness: Harness,
  options: ConformanceOptions = {},
): Promise<void> {
  checkOptions('runConformance(runner, harness)', harness ?? null, HARNESS);
  checkOptions('runConformance(runner, harness, options)', options, OPTIONS);
  const selected = options.groups ?? groupNames;
  const offer = await offerOf(harness);
  const run = new Run(runner, usable(harness, offer), offer);
  const title = `conformance of ${harness.name} (${harness.persistence} topics)`;
  runner.describe(title, () => {
    for (const name of selected) runner.describe(name, () => groups[name](run.suite(name)));
    run.end(title, selected);
  });
}

async function offerOf(harness: Harness): Promise<Offer> {
  let driver: Driver | undefined;
  let defaultPersistence: Offer['persistence'] = 'persistent';
  const transport: TransportPlugin = {
    ...harness.transport,
    create: async (config: never, context) => {
      driver = await harness.transport.create(config, context);
      defaultPersistence = driver.defaultPersistence;
      return driver;
    },
  };
  const scenario = new Scenario({ ...harness, transport });
  try {
    const bus = await scenario.bus({ config: { topicConfigStrategy: 'skip' } });
    const { admin } = driver as unknown as Driver;
    const { persistenceIs } = admin ?? {};
    return {
      // While it is connected: it may depend on the server.
      admin: admin && { supports: admin.supports, ...(persistenceIs === undefined ? {} : { persistenceIs }) },
      persistence: harness.persistence,
      defaultPersistence,
      capabilities: bus.capabilities(harness.persistence),
      ofDeadLetters: bus.capabilities('persistent'),
    };
  } finally {
    await scenario.end();
  }
}

/** Where topics cannot be administered, nothing asks for it; their persistence is a matter of the bus alone. */
function usable(harness: Harness, { admin }: Offer): Harness {
  if (admin !== undefined) return harness;
  // Without any adapter's declarations, as in this package's own, there is no configuration that could be spread.
  const config: CommonConfig = harness.config;
  return { ...harness, config: { ...config, topicConfigStrategy: 'skip' } as EventBusConfig };
}

/** Defines tests, and knows at the end what became of them. */
class Run {
  readonly #runner: TestRunner;
  readonly #harness: Harness;
  readonly #offer: Offer;
  readonly #stages: Stages;
  readonly #known: KnownToFail;
  readonly #summary = new Summary();

  constructor(runner: TestRunner, harness: Harness, offer: Offer) {
    this.#runner = runner;
    this.#harness = harness;
    this.#offer = offer;
    this.#stages = new Stages(harness);
    this.#known = new KnownToFail(harness.knownToFail);
  }

  suite(group: string): Suite {
    const prove: Suite['prove'] = (needs, requirements, title, body) => {
      const reason = reasonToSkip([requirements].flat(), this.#offer);
      const lacks = lacking(this.#harness, needs);
      // Where it does not apply, its mark names a test all the same.
      const fault = this.#known.faultOf(group, title);
      const run = async () => Scenario.play(this.#harness, body, await this.#stages.for(needs));
      if (reason !== undefined) return void this.#runner.it.skip(`${title} # skipped: ${reason}`, run);
      const claims = claimsOf([requirements].flat(), this.#offer);
      if (lacks.length === 0)
        return this.#define(group, title, this.#blaming(group, title, claims, run), fault);
      this.#summary.unproven(group, lacks);
      this.#runner.it.skip(`${title} # not proven: the harness offers no ${lacks.join(', ')}`, run);
    };
    return {
      ...this.#offer,
      prove,
      testWhere: (requirements, title, body) => prove([], requirements, title, body),
      test: (title, body) => prove([], [], title, body),
    };
  }

  /** The last test of a run: the marks are right, and the summary is printed. */
  end(title: string, selected: readonly GroupName[]): void {
    this.#runner.describe('summary', () => {
      this.#runner.it('what is known to fail, and what is not proven', async () => {
        await this.#stages.end();
        process.stderr.write(`\n${this.#summary.lines(title).join('\n')}\n`);
        const unmet = this.#known.unmet(selected, groupNames);
        if (unmet.length > 0) throw new Error(`knownToFail names no test: ${unmet.join('; ')}`);
      });
    });
  }

  /** The same test; where it fails, it says which claims of the transport it rests on. */
  #blaming(group: string, title: string, claims: readonly string[], run: () => Promise<void>) {
    return async () => {
      try {
        await run();
      } catch (error) {
        this.#summary.notKept(`${group}: ${title}`, claims);
        if (error instanceof Error && claims.length > 0)
          error.message += `\n\nThe transport claims: ${claims.join('; ')}`;
        throw error;
      }
    };
  }

  #define(
    group: string,
    title: string,
    run: () => Promise<void>,
    fault: ReturnType<KnownToFail['faultOf']>,
  ): void {
    const name = `${group}: ${title}`;
    this.#summary.test();
    if (fault === undefined) return void this.#runner.it(title, run);
    const reason = fault.sometimes ? `sometimes, ${fault.reason}` : fault.reason;
    this.#summary.knownToFail(name, reason);
    this.#runner.it(`${title} # known to fail: ${reason}`, () => mustFail(name, fault, run));
  }
}
