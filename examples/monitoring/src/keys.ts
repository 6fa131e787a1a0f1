/** Keys that do something, in a terminal. */
import { emitKeypressEvents } from 'node:readline';

export type Keys = Readonly<Record<string, readonly [what: string, action: () => unknown]>>;

/** Resolves at `q`, Ctrl-C, or when the process is asked to end. */
export function watchKeys(keys: Keys): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    if (!process.stdin.isTTY) return;
    emitKeypressEvents(process.stdin);
    process.stdin.setRawMode(true);
    process.stdin.on('keypress', (_, key: { name?: string; ctrl?: boolean }) => {
      if (key.name === 'q' || (key.ctrl === true && key.name === 'c')) return resolve();
      const action = key.name === undefined ? undefined : keys[key.name];
      if (action === undefined) return;
      console.log(`> ${action[0]}`);
      void action[1]();
    });
  });
  if (process.stdin.isTTY) {
    const lines = Object.entries(keys).map(([key, [what]]) => `  ${key}  ${what}`);
    console.log(`Press\n\n${lines.join('\n')}\n  q  end\n`);
  } else {
    console.log('Ctrl-C ends it.\n');
  }
  return ended.finally(() => {
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(false);
    process.stdin.pause();
  });
}
