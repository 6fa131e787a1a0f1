import { EbusError } from '@ebus/core/driver';
import { describe, expect, it } from 'vitest';
import { cannotConnect, classify } from './errors.js';

const refused = (code: string) => Object.assign(new Error('refused'), { code });

describe('classify', () => {
  it.each([
    ['ECONNREFUSED', 'CONNECTION_FAILED', true],
    ['57P01', 'CONNECTION_FAILED', true],
    ['53300', 'CONNECTION_FAILED', true],
    ['28P01', 'UNAUTHORIZED', false],
    ['42501', 'UNAUTHORIZED', false],
    ['EB404', 'TOPIC_NOT_FOUND', false],
    ['54000', 'MESSAGE_TOO_LARGE', false],
    ['22021', 'PUBLISH_FAILED', false],
    ['40P01', 'PUBLISH_FAILED', true],
    ['XX000', 'PUBLISH_FAILED', true],
  ])('%s is %s, retryable: %s', (state, code, retryable) => {
    expect(classify(refused(state))).toMatchObject({ code, retryable });
  });

  it('leaves errors of ebus as they are', () => {
    const error = new EbusError('no', { code: 'UNSUPPORTED', retryable: false });
    expect(classify(error)).toEqual({ code: 'UNSUPPORTED', retryable: false });
  });
});

describe('cannotConnect', () => {
  it('names the address and the setting, and never the password', () => {
    const error = cannotConnect('postgres://app:secret@db:5433/shop', refused('28P01'));
    expect(error.code).toBe('UNAUTHORIZED');
    expect(error.message).toContain('db:5433/shop');
    expect(error.message).toContain('postgres.url');
    expect(error.message).not.toContain('secret');
  });
});
