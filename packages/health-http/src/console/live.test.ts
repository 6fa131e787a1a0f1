import { systemClock } from '@ebus/core';
import { expect, it } from 'vitest';
import type { Feed, Watcher } from './feed.js';
import { type EventStream, stream } from './live.js';

function parts() {
  let now = 0;
  const written: string[] = [];
  let watcher: Watcher | undefined;
  const ended = { left: 0, destroyed: 0 };
  let closed = () => {};
  const response = {
    writableNeedDrain: false,
    writeHead: (status: number) => void written.push(String(status)),
    write: (chunk: string) => written.push(chunk) > 0,
    once: (_: string, listener: () => void) => {
      closed = listener;
    },
    destroy: () => void ended.destroyed++,
  };
  const feed = {
    watch: (one: Watcher) => {
      watcher = one;
      return () => void ended.left++;
    },
  } as unknown as Feed;
  const clock = { ...systemClock, monotonic: () => now };
  const isOpen = stream(feed, response as EventStream, clock, {});
  return {
    ...{ written, response, ended, isOpen },
    tell: (json: string) => watcher?.(json),
    after: (ms: number) => {
      now += ms;
    },
    close: () => closed(),
  };
}

it('writes a snapshot where anything but its time has changed', () => {
  const { tell, written, close, ended } = parts();
  tell('{"at":"1","a":1}');
  tell('{"at":"2","a":1}');
  tell('{"at":"3","a":2}');
  expect(written).toEqual([
    '200',
    'event: snapshot\ndata: {"at":"1","a":1}\n\n',
    'event: snapshot\ndata: {"at":"3","a":2}\n\n',
  ]);
  close();
  expect(ended).toEqual({ left: 1, destroyed: 0 });
});

it('leaves snapshots out for one that does not read, tells the next one, and drops it after a while', () => {
  const { tell, written, response, ended, after, close } = parts();
  tell('{"at":"1","a":1}');
  response.writableNeedDrain = true;
  for (let i = 2; i < 100; i++) tell(`{"at":"${i}","a":${i}}`);
  expect(written).toHaveLength(2);
  response.writableNeedDrain = false;
  tell('{"at":"100","a":99}');
  expect(written).toHaveLength(3);
  response.writableNeedDrain = true;
  tell('{"at":"101","a":0}');
  after(14_000);
  tell('{"at":"102","a":0}');
  expect(ended.destroyed).toBe(0);
  after(2_000);
  tell('{"at":"103","a":0}');
  expect(ended.destroyed).toBe(1);
  close();
});

it('refuses where too many watch', () => {
  const feed = { watch: () => undefined } as unknown as Feed;
  expect(stream(feed, {} as EventStream, systemClock, {})).toBe(false);
});
