import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ProcessLike, processIo } from './process-io.js';

/** A process that a test ends, whose streams it breaks. */
function fakeProcess() {
  const signals = new EventEmitter();
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const written = { stderr: '' };
  streams.stderr.on('data', (chunk: Buffer) => {
    written.stderr += chunk.toString();
  });
  const of = {
    ...streams,
    env: {},
    cwd: () => '/',
    once: signals.once.bind(signals),
    exit: () => {},
    exitCode: undefined as unknown,
  };
  return { of: of as unknown as ProcessLike & typeof of, signals, written };
}

const failure = (code: string) => Object.assign(new Error(code), { code });

describe('the process of the command', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('is interrupted by %s', (signal) => {
    const { of, signals } = fakeProcess();
    const { io, end } = processIo(of);
    signals.emit(signal);
    expect(io.signal.aborted).toBe(true);
    end(0);
    expect(of.exitCode).toBe(130);
    // The next one is for the process itself.
    expect(signals.listenerCount(signal)).toBe(0);
  });

  it('ends well, with its connection closed, where nobody reads its output any more', () => {
    const { of, written } = fakeProcess();
    const { io, end } = processIo(of);
    of.stdout.emit('error', failure('EPIPE'));
    expect(io.signal.aborted).toBe(true);
    // As an interrupted command ends.
    end(130);
    expect([of.exitCode, written.stderr]).toEqual([0, '']);
  });

  it('says that its output cannot be written', async () => {
    const { of, written } = fakeProcess();
    const { io, end } = processIo(of);
    of.stdout.emit('error', failure('ENOSPC'));
    await expect.poll(() => written.stderr).toBe('ebus: the output cannot be written: ENOSPC\n');
    expect(io.signal.aborted).toBe(true);
    end(130);
    expect(of.exitCode).toBe(1);
  });

  it('goes on without a standard error', () => {
    const { of } = fakeProcess();
    const { io, end } = processIo(of);
    of.stderr.emit('error', failure('EPIPE'));
    expect(io.signal.aborted).toBe(false);
    end(3);
    expect(of.exitCode).toBe(3);
  });

  it('reads all of standard input, and leaves it at Ctrl-C', async () => {
    const whole = fakeProcess();
    const read = processIo(whole.of).io.input();
    whole.of.stdin.write('a');
    whole.of.stdin.end('b');
    expect(Buffer.from(await read).toString()).toBe('ab');
    const { of, signals } = fakeProcess();
    const waiting = processIo(of).io.input();
    signals.emit('SIGINT');
    await expect(waiting).rejects.toThrow();
  });
});
