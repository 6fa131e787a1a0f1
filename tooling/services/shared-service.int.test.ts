import { spawn } from 'node:child_process';
import { serviceProblem, sharedService, startService } from '@ebus/services';
import { describe, expect, it } from 'vitest';
import { natsClient } from './testing/nats-client.js';

const problem = await serviceProblem('nats');
const note = problem === undefined ? '' : ` (skipped: ${problem})`;

describe.skipIf(problem !== undefined)(`a shared service${note}`, () => {
  it('is one for all that ask for the same', async () => {
    const [one, same] = await Promise.all([sharedService('nats'), sharedService('nats')]);
    expect(same).toEqual(one);
    using client = await natsClient(one.addresses[0]!);
    expect(client.info).toMatchObject({ jetstream: true });
  });

  it('is shared with other processes', async () => {
    const index = new URL('index.mjs', import.meta.url);
    const code = `import { sharedService } from '${index}'; console.log(JSON.stringify(await sharedService('nats')));`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code]);
    const output = await child.stdout.setEncoding('utf8').toArray();
    expect(JSON.parse(output.join(''))).toEqual(JSON.parse(JSON.stringify(await sharedService('nats'))));
  });

  it('is not what startService starts', async () => {
    await using own = await startService('nats', { own: true });
    expect(own.addresses).not.toEqual((await sharedService('nats')).addresses);
  });

  it('says why it is not to be had', async () => {
    await expect(sharedService('rabbit' as 'nats')).rejects.toThrow('there is no service "rabbit"');
  });
});
