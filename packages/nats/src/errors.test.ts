import { ConfigError } from '@ebus/core/driver';
import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { cannotConnect, classify, explained, isMissing, refusedMessage } from './errors.js';

const api = (status: number, code: number) =>
  new JetStreamApiError({ code: status, err_code: code, description: 'x' });
const noResponders = () =>
  new errors.RequestError('no responders', { cause: new errors.NoRespondersError('s') });

describe('an error of the client', () => {
  it.each([
    ['a conflict that passes', api(409, 10158), 'PUBLISH_FAILED', true],
    ['too many requests', api(429, 10167), 'PUBLISH_FAILED', true],
    ['no leader', api(503, 10008), 'PUBLISH_FAILED', true],
    ['a limit of the account', api(400, 10002), 'LIMIT', true],
    ['no room', api(503, 10023), 'LIMIT', true],
    ['servers that are away, or full', api(400, 10005), 'LIMIT', true],
    ['a stream that is being moved', api(400, 10124), 'PUBLISH_FAILED', true],
    ['a cluster that is being changed', api(400, 10202), 'PUBLISH_FAILED', true],
    ['a stream that is being changed', api(400, 10226), 'PUBLISH_FAILED', true],
    ['a stream that a server cannot load', api(500, 10194), 'PUBLISH_FAILED', true],
    ['a consumer that has gone since it was asked for', api(400, 10149), 'PUBLISH_FAILED', true],
    ['a stream that the server does not have like that', api(500, 10052), 'PUBLISH_FAILED', false],
    ['a stream that needs a cluster', api(500, 10074), 'PUBLISH_FAILED', false],
    ['a setting that clusters do not have', api(503, 10036), 'PUBLISH_FAILED', false],
    ['a message that is too large for its stream', api(400, 10054), 'MESSAGE_TOO_LARGE', false],
    ['no such stream', api(404, 10059), 'TOPIC_NOT_FOUND', false],
    ['an account without JetStream', api(503, 10039), 'UNSUPPORTED', false],
    ['a bad request', api(400, 10003), 'PUBLISH_FAILED', false],
    ['nobody there just now', noResponders(), 'CONNECTION_FAILED', true],
    ['no answer in time', new errors.TimeoutError(), 'CONNECTION_FAILED', true],
    ['a connection that closed', new errors.ClosedConnectionError(), 'CONNECTION_FAILED', true],
    ['a refused login', new errors.AuthorizationError('no'), 'UNAUTHORIZED', false],
    ['what nobody has seen yet', new Error('?'), 'CONNECTION_FAILED', true],
    ['a mistake', new TypeError('?'), 'INTERNAL', false],
  ])('is classified: %s', (_, error, code, retryable) => {
    expect(classify(error)).toEqual({ code, retryable });
  });

  it('keeps what ebus has said of it', () => {
    expect(classify(new ConfigError('x'))).toEqual({ code: 'CONFIG_INVALID', retryable: false });
  });
});

it.each([10014, 10059, 10149])('%i says that a consumer is gone', (code) => {
  expect(isMissing(explained('changing a consumer', api(404, code), [], true))).toBe(true);
});

describe('nobody answers for JetStream', () => {
  it('means that there is none only where there never was one', () => {
    const at = (hasAnswered: boolean) => explained('looking', noResponders(), ['nats://a'], hasAnswered);
    expect(at(false)).toMatchObject({ code: 'UNSUPPORTED', retryable: false });
    expect(at(true)).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
  });
});

describe('a message that JetStream does not store', () => {
  it('is refused with what to do', () => {
    expect(refusedMessage('t', { code: 400, err_code: 10054, description: 'too large' })).toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      retryable: false,
      message: expect.stringContaining('max_msg_size'),
    });
    expect(refusedMessage('t', { code: 400, err_code: 10109, description: 'sealed' })).toMatchObject({
      retryable: false,
      message: expect.stringContaining('sealed'),
    });
    expect(
      refusedMessage('t', { code: 503, err_code: 10077, description: 'maximum messages exceeded' }),
    ).toMatchObject({
      code: 'PUBLISH_FAILED',
      retryable: true,
    });
  });
});

it('a refused login is final before the first success, and passes after it', () => {
  const error = new errors.AuthorizationError('no');
  expect(cannotConnect(['nats://a'], error)).toMatchObject({ code: 'UNAUTHORIZED', retryable: false });
  expect(cannotConnect(['nats://a'], error, true)).toMatchObject({ code: 'UNAUTHORIZED', retryable: true });
});
