import { expect, it } from 'vitest';
import { oneLine, printable } from './printable.js';

it('shows what cannot be seen or deceives', () => {
  expect(printable('a\u0000b\u001b[2J\u202ec\u200b\ufeff\u2028')).toBe(
    'a\\u0000b\\u001b[2J\\u202ec\\u200b\\ufeff\\u2028',
  );
  expect(printable('\u{e0041}')).toBe('\\u{e0041}');
});

it('leaves texts as they are', () => {
  const text = 'Grüße, 你好\n\t<b>👩‍💻</b>';
  expect(printable(text)).toBe(text);
  expect(oneLine(' a\n\tb  c ')).toBe('a b c');
});
