/** What a test with many events keeps, to say at its end what was lost, repeated or out of order. */
import assert from 'node:assert/strict';

/** What was acknowledged when publishing, and what was handled, in the order in which it happened. */
export class History {
  readonly accepted = new Map<string, number[]>();
  readonly handled = new Map<string, number[]>();
  #distinct = 0;
  readonly #seen = new Map<string, Set<number>>();

  accept(aggregateId: string, sequence: number): void {
    append(this.accepted, aggregateId, sequence);
  }

  handle(aggregateId: string, sequence: number): void {
    append(this.handled, aggregateId, sequence);
    const seen = this.#seen.get(aggregateId) ?? new Set();
    if (!seen.has(sequence)) this.#distinct++;
    this.#seen.set(aggregateId, seen.add(sequence));
  }

  get acceptedCount(): number {
    return count(this.accepted);
  }

  /** Distinct events. */
  get handledCount(): number {
    return this.#distinct;
  }

  get duplicates(): number {
    return count(this.handled) - this.#distinct;
  }

  get isComplete(): boolean {
    for (const [id, sequences] of this.accepted) {
      const seen = this.#seen.get(id);
      if (!sequences.every((sequence) => seen?.has(sequence) === true)) return false;
    }
    return true;
  }

  /** First handlings of each aggregate in ascending order, and nothing accepted is missing. */
  check(): void {
    for (const [id, sequences] of this.accepted) {
      const seen = this.#seen.get(id);
      const missing = sequences.filter((sequence) => seen?.has(sequence) !== true);
      assert.deepEqual(missing, [], `events of ${id} were accepted and not handled`);
    }
    for (const [id, sequences] of this.handled) {
      const first = [...new Set(sequences)];
      assert.deepEqual(
        first,
        [...first].sort((a, b) => a - b),
        `${id} was handled in another order`,
      );
    }
  }
}

function append(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

const count = (map: Map<string, number[]>) => [...map.values()].reduce((sum, { length }) => sum + length, 0);
