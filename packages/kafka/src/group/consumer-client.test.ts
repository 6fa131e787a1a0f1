import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { kafkaConfigSchema } from '../config-schema.js';
import type { NativeClient } from '../native-client.js';
import { leave, newConsumer } from './consumer-client.js';

type Callbacks = Record<
  'rebalance_cb' | 'offset_commit_cb' | 'queue_non_empty_cb',
  (...args: unknown[]) => void
>;

/** A client's consumer, which holds what it was made with for good. */
class HeldConsumer extends EventEmitter {
  readonly callbacks: Callbacks;

  constructor(settings: Callbacks) {
    super();
    this.callbacks = settings;
  }

  setDefaultConsumeTimeout(): void {}
  isConnected = () => true;
  disconnect(done: (error: unknown) => void): void {
    this.callbacks.rebalance_cb('revoked while it leaves', []);
    done(null);
  }
}

function listening() {
  const heard: string[] = [];
  const hear = (what: string) => () => void heard.push(what);
  const consumer = newConsumer(
    {
      client: { KafkaConsumer: HeldConsumer } as unknown as NativeClient,
      config: kafkaConfigSchema.parse({ brokers: ['127.0.0.1:9092'] }),
      serviceName: 'shop',
    },
    'shop',
    {
      rebalance: hear('rebalance'),
      committed: hear('committed'),
      readable: hear('readable'),
      end: hear('end'),
      error: hear('error'),
      renewed: hear('renewed'),
      membership: hear('membership'),
      left: hear('left'),
    },
  );
  const { callbacks } = consumer as unknown as HeldConsumer;
  const sayAll = () => {
    callbacks.rebalance_cb();
    callbacks.offset_commit_cb();
    callbacks.queue_non_empty_cb();
    const emitter = consumer as unknown as EventEmitter;
    emitter.emit('partition.eof', {});
    emitter.emit('event.error', new Error('gone'));
    emitter.emit('event.log', { message: 'Topic orders changed id from a to b' });
    emitter.emit('event.log', { message: 'Group "billing" changed join state init -> wait-join (state up)' });
    emitter.emit('event.log', { message: 'Group "billing": leave (in state up)' });
  };
  return { consumer, heard, sayAll };
}

describe('a consumer', () => {
  it('tells its listener everything until it has left', async () => {
    const { consumer, heard, sayAll } = listening();
    sayAll();
    expect(heard).toEqual([
      'rebalance',
      'committed',
      'readable',
      'end',
      'error',
      'renewed',
      'membership',
      'left',
    ]);
    await leave(consumer);
    expect(heard.slice(8)).toEqual(['rebalance']);
  });

  it('that has left holds its listener no longer, though the client holds the callbacks', async () => {
    const { consumer, heard, sayAll } = listening();
    await leave(consumer);
    heard.length = 0;
    sayAll();
    expect(heard).toEqual([]);
  });
});
