/** The demo as a program: arguments, exit codes, and ending what was started for it. */
import { parseArguments, USAGE, UsageError } from './arguments.js';
import { demo } from './demo.js';
import type { Transport } from './transport.js';

/** `start` is called only when the arguments are right: it may start a broker. */
export async function runDemo(start: () => Transport | Promise<Transport>): Promise<void> {
  try {
    const args = parseArguments(process.argv.slice(2));
    if (args.help) return console.log(USAGE);
    const transport = await start();
    try {
      if (!(await demo(args, transport))) process.exitCode = 1;
    } finally {
      await transport.close?.();
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  }
}
