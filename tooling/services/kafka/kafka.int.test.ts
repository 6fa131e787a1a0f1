import { serviceProblem, startService } from '@ebus/services';
import { describe, expect, it } from 'vitest';
import { readMetadata } from './ready.mjs';

const problem = await serviceProblem('kafka');
const note = problem === undefined ? '' : ` (skipped: ${problem})`;
const portOf = (address: string) => Number(address.split(':')[1]);

describe.skipIf(problem !== undefined)(`Kafka${note}`, () => {
  it('answers clients as soon as it is started, and after a crash on the same port', async () => {
    await using kafka = await startService('kafka', { own: true, log: () => {} });
    const port = portOf(kafka.addresses[0]!);
    const before = await readMetadata(port);
    expect(before?.brokers).toEqual([1]);
    await kafka.kill();
    expect(await readMetadata(port)).toBeUndefined();
    await kafka.restart();
    expect(await readMetadata(port)).toEqual(before);
  }, 60_000);

  it('forms a cluster that survives the loss of a node', async () => {
    await using kafka = await startService('kafka', { own: true, nodes: 3, log: () => {} });
    await kafka.kill(2);
    await kafka.restart(2);
    const views = await Promise.all(kafka.addresses.map((address) => readMetadata(portOf(address))));
    for (const view of views) expect(view?.brokers).toHaveLength(3);
  }, 60_000);
});
