/** A process ends by itself once its bus is closed, in whatever state the bus and its broker are. */
import assert from 'node:assert/strict';
import type { CommonConfig } from '@ebus/core';
import type { Ability } from '../abilities.js';
import type { CloseState } from '../process/process-task.js';
import { redelivery } from '../requirements.js';
import type { Group } from '../suite.js';
import type { Scenario } from '../test-kit/scenario.js';

/** The timeout of the close is half a second; a machine under load needs more, and a hang takes longer than that. */
const BOUND_MS = 5_000;

/** Everything that may keep a process alive. */
const EVERYTHING: CommonConfig = {
  healthCheck: { enabled: true, subscriber: {} },
  publisher: { backlogDetection: { enabled: true } },
  subscriber: { backlogDetection: { enabled: true } },
};

interface Row {
  readonly title: string;
  readonly states: readonly CloseState[];
  readonly needs?: readonly Ability[];
  /** Before the process is started. */
  readonly before?: (t: Scenario) => unknown;
  /** Once the buses are in their states, before they are closed. */
  readonly after?: (t: Scenario) => unknown;
  readonly config?: CommonConfig;
}

const ALL = ['idle', 'busy', 'halted', 'paused'] as const;

const rows: readonly Row[] = [
  { title: 'with the broker there', states: ALL },
  {
    title: 'never connected',
    states: ['lazy'],
    needs: ['broker.network'],
    before: (t) => t.broker.network.cut(),
    config: { connect: 'lazy' },
  },
  {
    title: 'connecting without an answer',
    states: ['lazy'],
    needs: ['broker.network'],
    before: (t) => t.broker.network.swallow(),
    config: { connect: 'lazy' },
  },
  { title: 'with the broker killed', states: ALL, needs: ['broker.kill'], after: (t) => t.broker.kill() },
  { title: 'with the broker frozen', states: ALL, needs: ['broker.freeze'], after: (t) => t.broker.freeze() },
  {
    title: 'with a network that is silent',
    states: ALL,
    needs: ['broker.network'],
    after: (t) => t.broker.network.swallow(),
  },
];

/** No timer or socket of a closed bus keeps its process alive. */
export const processEnd: Group = ({ prove }) => {
  for (const { title, states, needs = [], before, after, config } of rows) {
    prove(
      ['program', ...needs],
      redelivery,
      `${title}: close is bounded, and the process ends`,
      async (t) => {
        await before?.(t);
        const child = t.spawn({ states }, undefined, { ...EVERYTHING, ...config });
        await t.started(() => child.has('ready'), `the buses are ${states.join(', ')}`);
        await after?.(t);
        child.close();
        await t.eventually(() => child.of('closed').length === states.length, 'the buses are closed');
        for (const { state, ms } of child.of('closed'))
          assert.ok(ms < BOUND_MS, `closing took ${ms} ms: ${state}`);
        let code: number | null | undefined;
        child.ended.then((ended) => {
          code = ended;
        });
        await t.eventually(() => code !== undefined, 'the process ends');
        assert.equal(code, 0, child.errors);
      },
    );
  }
};
