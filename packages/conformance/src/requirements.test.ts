import type { Capabilities, Persistence } from '@ebus/core/driver';
import { describe, expect, it } from 'vitest';
import {
  administered,
  clusterOrdering,
  declares,
  messageBytes,
  type Offer,
  ordering,
  reasonToSkip,
  redelivery,
  replay,
  restartable,
  topicFields,
  topicsHave,
} from './requirements.js';

const poor: Capabilities = {
  settle: 'none',
  ordering: 'none',
  retriesInClient: false,
  redelivery: false,
  replay: false,
  dedupe: false,
  acknowledged: false,
  lag: false,
  maxMessageBytes: 1_000,
};
const rich: Capabilities = {
  ...poor,
  settle: 'individual',
  ordering: 'cluster',
  redelivery: true,
  replay: true,
};

const offerOf = (capabilities: Capabilities, persistence: Persistence = 'persistent'): Offer => ({
  persistence,
  defaultPersistence: 'persistent',
  capabilities,
  ofDeadLetters: capabilities,
  admin: { supports: new Set(['persistence', 'maxMessages']), persistenceIs: 'route' },
});

describe('requirements', () => {
  it('skip by what the transport declares, and say what that is', () => {
    const reason = (capabilities: Capabilities) => reasonToSkip([redelivery], offerOf(capabilities));
    expect(reason(poor)).toBe('transport declares redelivery: false');
    expect(reason(rich)).toBeUndefined();
  });

  it('give the first reason of several', () => {
    const offer = offerOf(poor);
    expect(reasonToSkip([ordering, replay], offer)).toBe("transport declares ordering: 'none'");
    expect(reasonToSkip([], offer)).toBeUndefined();
  });

  it('ask for the absence of a capability where its refusal is tested', () => {
    const offer = offerOf(rich);
    expect(declares('replay', false)(offer)).toBe('transport declares replay: true');
    expect(clusterOrdering()(offer)).toBeUndefined();
    expect(clusterOrdering(false)(offer)).toBe("transport declares ordering: 'cluster'");
  });

  it('know that a restart needs a topic that keeps messages for absent groups', () => {
    expect(restartable(offerOf(rich))).toBeUndefined();
    expect(restartable(offerOf(rich, 'ephemeral'))).toMatch(/absent groups/);
    expect(restartable(offerOf(poor))).toMatch(/redelivery: false/);
  });

  it('know which settings topics have', () => {
    expect(topicsHave('maxMessages')(offerOf(rich))).toBeUndefined();
    expect(topicsHave('maxMessages', 'partitions')(offerOf(rich))).toBe(
      'transport declares no partitions for topics',
    );
    expect(topicsHave('maxMessages')(offerOf(rich, 'ephemeral'))).toMatch(/nothing on the broker/);
    expect([...topicFields(offerOf(rich, 'ephemeral'))]).toEqual(['persistence']);
    expect(administered({ ...offerOf(rich), admin: undefined })).toMatch(/no topic administration/);
  });

  it('compare sizes with the limit', () => {
    const offer = offerOf(poor);
    expect(messageBytes(1_000)(offer)).toBeUndefined();
    expect(messageBytes(1_001)(offer)).toBe('transport declares maxMessageBytes: 1000');
  });
});
