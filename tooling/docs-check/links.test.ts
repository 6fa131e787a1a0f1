import { describe, expect, it } from 'vitest';
import { anchors, links } from './links.js';

describe('links', () => {
  it('finds those within the repository, and none in code', () => {
    const text = '[a](a.md#b) [c](#c) [d](https://d.example)\n\n```md\n[e](e.md)\n```\n';
    expect(links(text)).toEqual(['a.md#b', '#c']);
  });

  it('finds those that name the address of the repository', () => {
    const here = 'https://github.com/ebus-js/ebus';
    expect(links(`[a](${here}/blob/main/docs/a.md#b) [c](${here}/issues)`)).toEqual(['/docs/a.md#b']);
  });
});

describe('anchors', () => {
  it('are those of GitHub', () => {
    const text = '# One fact, a sentence\n## `publishFailed`\n## [A link](a.md): here\n## Again\n## Again\n';
    expect([...anchors(text)]).toEqual([
      'one-fact-a-sentence',
      'publishfailed',
      'a-link-here',
      'again',
      'again-1',
    ]);
  });
});
