/** The judge finds what is wrong with a history, and only that. */
import { describe, expect, it } from 'vitest';
import type { Line } from './fleet.js';
import { judge } from './judge.js';

/** One line each: `who kind key sequence`. */
function linesOf(...texts: string[]): Line[] {
  return texts.map((text, at) => {
    const [who = '', kind, key, sequence] = text.split(' ');
    return [who, at, kind, key, Number(sequence)] as unknown as Line;
  });
}

const published = (count: number) =>
  Array.from({ length: count }, (_, i) => [`p publishing a ${i + 1}`, `p accepted a ${i + 1}`]).flat();

const handled = (who: string, sequence: number) => [
  `${who} begun a ${sequence}`,
  `${who} handled a ${sequence}`,
];

const kinds = (...texts: string[]) => judge(linesOf(...texts)).problems.map(({ kind }) => kind);

describe('judge', () => {
  it('finds nothing where all is handled in order, over two consumers', () => {
    const lines = linesOf(...published(3), ...handled('c1', 1), ...handled('c2', 2), ...handled('c1', 3));
    expect(judge(lines)).toMatchObject({ accepted: 3, handled: 3, duplicates: 0, overlaps: 0, problems: [] });
  });

  it('counts what is handled again, and takes no offence', () => {
    const lines = linesOf(...published(2), ...handled('c1', 1), ...handled('c1', 2), ...handled('c2', 1));
    expect(judge(lines)).toMatchObject({ handled: 2, duplicates: 1, problems: [] });
  });

  it('finds what was accepted and is not handled', () => {
    expect(kinds(...published(2), ...handled('c1', 1))).toEqual(['lost']);
  });

  it('takes a dead letter for an end', () => {
    const lines = linesOf(...published(1), 'c1 begun a 1', 'c1 failed a 1', 'c1 dead a 1');
    expect(judge(lines)).toMatchObject({ deadLettered: 1, failedAttempts: 1, problems: [] });
  });

  it('excuses an event whose promise was rejected', () => {
    expect(kinds('p publishing a 1', 'p rejected x 0')).toEqual([]);
  });

  it('finds an event that begins before an earlier one of its aggregate is handled', () => {
    expect(kinds(...published(2), ...handled('c1', 2), ...handled('c1', 1))).toEqual(['order']);
    expect(kinds(...published(2), 'c1 begun a 1', ...handled('c2', 2), 'c1 handled a 1')).toEqual(['order']);
  });

  it('finds what was handled and never published', () => {
    expect(kinds(...handled('c1', 1))).toContain('invented');
  });

  it('ends the handlers of a process that died', () => {
    const dead: Line[] = [
      ...linesOf(...published(1), 'c1 begun a 1'),
      ['c1', 10, 'event', 'ended: SIGKILL'],
      ...linesOf(...handled('c2', 1)).map(([who, at, ...rest]) => [who, at + 20, ...rest] as unknown as Line),
    ];
    expect(judge(dead, 4_000)).toMatchObject({ overlaps: 0, problems: [] });
  });

  describe('on handlers of one aggregate in two processes', () => {
    const at = (time: number, ...line: readonly unknown[]) =>
      [line[0], time, ...line.slice(1)] as unknown as Line;
    const both = (...sleep: Line[]) => [
      ...linesOf(...published(1)),
      at(100, 'c1', 'begun', 'a', 1),
      ...sleep,
      at(5_000, 'c2', 'begun', 'a', 1),
      at(5_010, 'c2', 'handled', 'a', 1),
      at(6_000, 'c1', 'handled', 'a', 1),
    ];

    it('counts them where nothing is known of leases', () => {
      expect(judge(both())).toMatchObject({ overlaps: 1, asleep: 0, problems: [] });
    });

    it('finds those of processes that are awake, and of those that slept before, and says how it came', () => {
      expect(judge(both(), 4_000).problems).toEqual([
        { kind: 'overlap', text: expect.stringContaining('c2 begins a-1 while c1 handles a-1, for 4900 ms') },
      ]);
      const before = [at(10, 'c1', 'event', 'sleeps'), at(99, 'c1', 'event', 'wakes')];
      expect(judge(both(...before), 4_000).problems).toMatchObject([{ kind: 'overlap' }]);
    });

    it.each([
      ['was stopped', [at(110, 'c1', 'event', 'sleeps')]],
      ['was stopped and went on', [at(110, 'c1', 'event', 'sleeps'), at(4_500, 'c1', 'event', 'wakes')]],
      ['did not run, as it says later', [at(5_500, 'c1', 'event', 'stalled 5390')]],
    ])('excuses the first of them that %s', (_, sleep) => {
      expect(judge(both(...sleep), 4_000)).toMatchObject({ overlaps: 1, asleep: 1, problems: [] });
    });

    it('does not excuse the second of them: it has to look at its lease when it wakes', () => {
      const second = [at(110, 'c2', 'event', 'sleeps'), at(4_900, 'c2', 'event', 'wakes')];
      expect(judge(both(...second), 4_000).problems).toMatchObject([{ kind: 'overlap' }]);
    });
  });
});
