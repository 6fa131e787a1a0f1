import { expect, it } from 'vitest';
import { headerText } from '../../headers.js';
import { commandHeaders, REDRIVE_HEADER, redriveCommandOf } from './redrive-command.js';

const bytes = (text: string) => Buffer.from(text);

it('is read as it was written, and drops the headers of the letter that it was made of', () => {
  const command = { key: 'order-7 "ü"', id: 'id-1' };
  const letter = [
    ['X-Error-Code', 'HANDLER_FAILED'],
    ['mine', 'kept'],
  ] as const;
  const headers = commandHeaders([...letter], 'billing', command);
  expect(redriveCommandOf({ headers })).toEqual(command);
  const shown = headers.map(([name, value]) => [name, headerText(value)]);
  expect(shown).toContainEqual(['mine', 'kept']);
  expect(shown.map(([name]) => name)).not.toContain('X-Error-Code');
});

it.each([
  ['a message without the header', []],
  ['text that is no JSON', [[REDRIVE_HEADER, bytes('{')]]],
  ['null', [[REDRIVE_HEADER, bytes('null')]]],
  ['a member that is missing', [[REDRIVE_HEADER, bytes('{"key":"a"}')]]],
  ['a member of another kind', [[REDRIVE_HEADER, bytes('{"key":"a","id":1}')]]],
  ['a header that is too long', [[REDRIVE_HEADER, bytes(`{"id":"i","key":"${'k'.repeat(65_536)}"}`)]]],
] as const)('%s is no command', (_, headers) => {
  expect(redriveCommandOf({ headers: headers.map(([name, value]) => [name, value]) })).toBeUndefined();
});
