/** NestJS as a contender. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../compare.js';
import type { NestWord } from './process.js';

interface NestContender extends Contender {
  close(): void;
}

/** Its process is started, and ready. @throws Error where that ends */
export async function nestContender(
  name: string,
  messages: number,
  transport: 'nats' | 'kafka',
  addresses: readonly string[],
): Promise<NestContender> {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const child = fork(main, ['nest-process', transport, ...addresses]);
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the process of NestJS on ${transport} ended`);
  });
  ended.catch(() => {});
  const word = async (): Promise<NestWord> => (await Promise.race([once(child, 'message'), ended]))[0];
  await word();
  let processor = 0;
  return {
    name,
    messages,
    async run(count) {
      const answer = word();
      child.send(count);
      const said = await answer;
      if (said.what === 'done') processor = said.processor;
    },
    elsewhere: () => processor,
    close: () => child.disconnect(),
  };
}
