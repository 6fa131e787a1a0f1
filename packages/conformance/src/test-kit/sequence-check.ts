/** Whether each aggregate's events were handled in order, none left out. */
import assert from 'node:assert/strict';

/** Records handled sequence numbers by aggregate, each aggregate counting from 1. */
export class SequenceCheck {
  total = 0;
  readonly #handled = new Map<string, number[]>();

  add(aggregateId: string, sequence: number): void {
    this.total++;
    const handled = this.#handled.get(aggregateId);
    if (handled === undefined) this.#handled.set(aggregateId, [sequence]);
    else handled.push(sequence);
  }

  of(aggregateId: string): readonly number[] {
    return this.#handled.get(aggregateId) ?? [];
  }

  /** Each of the aggregates was handled from 1 to `count`, each event once. */
  assertComplete(aggregates: number, count: number): void {
    const expected = Array.from({ length: count }, (_, i) => i + 1);
    assert.equal(this.#handled.size, aggregates);
    for (const [aggregateId, handled] of this.#handled) {
      assert.deepEqual(handled, expected, `${aggregateId} was handled in another order`);
    }
  }

  /** Like `assertComplete`, but an event may come again after a redelivery: what counts is its first handling. */
  assertCompleteAtLeastOnce(aggregates: number, count: number): void {
    const expected = Array.from({ length: count }, (_, i) => i + 1);
    assert.equal(this.#handled.size, aggregates);
    for (const [aggregateId, handled] of this.#handled) {
      assert.deepEqual([...new Set(handled)], expected, `${aggregateId} was first handled in another order`);
    }
  }
}
