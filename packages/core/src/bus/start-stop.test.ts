import { describe, expect, it } from 'vitest';
import { StartStop } from './start-stop.js';

function parts({ failing }: { failing?: string } = {}) {
  const done: string[] = [];
  const closing = new AbortController();
  let hold: Promise<void> | undefined;
  const step = async (name: string) => {
    done.push(name);
    if (name === failing) throw new Error(name);
    await hold;
  };
  const extension = (name: string) => ({
    name,
    start: () => step(`start ${name}`),
    stop: () => step(`stop ${name}`),
  });
  const startStop = new StartStop({
    monitoring: { start: () => step('start monitoring'), stop: () => step('stop monitoring') },
    extensions: [extension('a'), extension('b')] as never,
    closing: closing.signal,
  });
  const held = () => {
    let release = () => {};
    hold = new Promise((resolve) => {
      release = () => resolve();
    });
    return () => {
      hold = undefined;
      release();
    };
  };
  return { startStop, done, closing, held };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('starting and stopping', () => {
  it('starts extensions before monitoring, once for calls that come together, and stops what was started', async () => {
    const { startStop, done } = parts();
    await Promise.all([startStop.start(), startStop.start()]);
    await startStop.start();
    expect(done).toEqual(['start a', 'start b', 'start monitoring']);
    done.length = 0;
    await startStop.stop();
    expect(done.filter((one) => one !== 'stop monitoring')).toEqual(['stop a', 'stop b']);
    await startStop.start();
    expect(done.at(-1)).toBe('start monitoring');
  });

  it('stops what it had started where a part fails, and may be repeated', async () => {
    const { startStop, done } = parts({ failing: 'start b' });
    await expect(startStop.start()).rejects.toThrow('start b');
    expect(done.filter((one) => one.includes(' a'))).toEqual(['start a', 'stop a']);
    await expect(startStop.start()).rejects.toThrow('start b');
  });

  it('stops every part although one cannot, and says so', async () => {
    const { startStop, done } = parts({ failing: 'stop a' });
    await startStop.start();
    await expect(startStop.stop()).rejects.toThrow('stop a');
    expect(done).toContain('stop b');
  });

  it('a stop takes back a start that is under way, which resolves', async () => {
    const { startStop, done, held } = parts();
    const release = held();
    const starting = startStop.start();
    await settle();
    const stopping = startStop.stop();
    release();
    await Promise.all([starting, stopping]);
    expect(done).not.toContain('start b');
    expect(done).toContain('stop a');
  });

  it('a start ends with the bus', async () => {
    const { startStop, closing, held } = parts();
    held();
    const starting = startStop.start();
    await settle();
    closing.abort();
    await expect(starting).rejects.toMatchObject({ code: 'BUS_CLOSED' });
    await expect(startStop.start()).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });
});
