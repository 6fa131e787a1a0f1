import { describe, expect, it } from 'vitest';
import { progressBar, progressText } from './progress.js';

const state = { total: 20_008, published: 20_008, handled: 10_002, retried: 4, deadLettered: 2 };
const rates = { published: 0, handled: 7123.4 };

describe('progressBar', () => {
  it('fills the width of the terminal and never wraps', () => {
    for (const columns of [20, 40, 80, 120, 200]) {
      expect(progressBar(state, rates, columns).length).toBeLessThan(columns);
    }
  });

  it('leaves out what does not fit', () => {
    expect(progressBar(state, rates, 120)).toContain('2 dead-lettered');
    expect(progressBar(state, rates, 50)).not.toContain('dead-lettered');
    expect(progressBar(state, rates, 50)).toContain('50%');
  });

  it('is full only when everything is done', () => {
    const bar = (handled: number) => progressBar({ ...state, handled }, rates, 80).slice(0, 30);
    expect(bar(20_005)).toContain('>');
    expect(bar(20_006)).not.toContain('>');
    expect(bar(0)).toMatch(/^\[ +\]/);
  });
});

describe('progressText', () => {
  it('says the same in words', () => {
    expect(progressText(state, rates)).toBe(
      '10,002 of 20,008 handled (7,123/s), 20,008 published (0/s), 4 retried, 2 dead-lettered',
    );
  });
});
