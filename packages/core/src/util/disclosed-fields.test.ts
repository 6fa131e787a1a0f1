import { expect, it } from 'vitest';
import { disclosed } from './disclose.js';
import { disclosedField } from './disclosed-fields.js';

class Headers {
  Authorization = 'Bearer abc123';
}

it('masks fields by their names, at any depth', () => {
  const field = { user: 'app', password: 'hunter2', next: [{ access_token: 'abc', apiKey: 'def', n: 1 }] };
  expect(disclosedField(field, disclosed)).toEqual({
    user: 'app',
    password: '***',
    next: [{ access_token: '***', apiKey: '***', n: 1 }],
  });
});

it('shows of what an error carries only plain data, without secrets', () => {
  const config = { password: 'hunter2', url: 'http://u:pw@host/x', headers: new Headers(), retries: 3 };
  const at = new Date(0);
  const error = Object.assign(new Error('no'), { config, token: 'abc', status: 502, at });
  const shown = disclosedField(error, disclosed) as typeof error;
  expect(shown).toBeInstanceOf(Error);
  expect({ ...shown }).toEqual({
    config: { password: '***', url: 'http://***@host/x', headers: '[Headers]', retries: 3 },
    ...{ token: '***', status: 502, at },
  });
  expect(error.config).toBe(config);
});

it('leaves instances in fields to the logger, and errors that may be shown as they are', () => {
  const headers = new Headers();
  expect(disclosedField({ headers }, disclosed)).toEqual({ headers });
  const error = Object.assign(new Error('no'), { code: 'E' });
  expect(disclosedField(error, disclosed)).toBe(error);
});
