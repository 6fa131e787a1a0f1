import { expect, it } from 'vitest';
import { withoutQuote } from './json-error.js';

it('says what is wrong with a text, and quotes nothing of it', () => {
  const secret = 'hunter2';
  const texts = [
    secret,
    `{"password":"${secret}",}`,
    `{"a":tru} ${secret}`,
    `[1,2 ${secret}`,
    `"${secret}\n`,
    '{',
    '',
  ];
  for (const text of texts) {
    let error: unknown;
    try {
      JSON.parse(text);
    } catch (thrown) {
      error = withoutQuote(thrown);
    }
    expect(error).toBeInstanceOf(SyntaxError);
    expect((error as Error).message).toMatch(/JSON/);
    expect((error as Error).message).not.toContain(secret.slice(1));
  }
  const other = new Error('no JSON');
  expect(withoutQuote(other)).toBe(other);
});
