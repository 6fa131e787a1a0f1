import { expect, it } from 'vitest';
import { EventReader } from './sse.js';

it('reads events however they are cut', () => {
  const text = ': beat\n\nevent: snapshot\ndata: {"a":1}\n\ndata: one\ndata: two\n\n';
  for (const size of [1, 3, 7, text.length]) {
    const reader = new EventReader();
    const found: string[] = [];
    for (let at = 0; at < text.length; at += size) found.push(...reader.read(text.slice(at, at + size)));
    expect(found).toEqual(['{"a":1}', 'one\ntwo']);
  }
});
