/** Every suite that needs no broker, with few messages: shows that the bench runs, and measures nothing. */
import { scaleTo } from './compare.js';
import type { Row } from './report.js';
import { checks } from './suites/checks.js';
import { keyOrderedInMemory } from './suites/key-ordered.js';
import { latencyInMemory } from './suites/latency.js';
import { metrics } from './suites/metrics.js';
import { ordered } from './suites/ordered.js';
import { pipelineCost } from './suites/pipeline-cost.js';
import { pool } from './suites/pool.js';
import { scaling } from './suites/scaling.js';
import { sizes } from './suites/sizes.js';
import { unordered } from './suites/unordered.js';

const PART = 0.002;

const suites: Readonly<Record<string, (rounds: number) => Promise<Row[]>>> = {
  ...{ unordered, ordered, 'pipeline-cost': pipelineCost, sizes, checks, metrics, pool },
  ...{ 'key-ordered': keyOrderedInMemory, latency: latencyInMemory, scaling },
};

/** Rows by the name of their suite. */
export async function quick(): Promise<Map<string, Row[]>> {
  const results = new Map<string, Row[]>();
  scaleTo(PART);
  try {
    for (const [name, run] of Object.entries(suites)) results.set(name, await run(1));
  } finally {
    scaleTo(1);
  }
  return results;
}
