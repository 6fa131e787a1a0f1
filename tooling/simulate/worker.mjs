// Runs the seeds that it is sent, in a process of its own: simulations replace Node's timers.
import { simulate } from '../../packages/conformance/dist/simulation/index.js';

process.on('message', async (options) => {
  try {
    process.send(await simulate(options));
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
});
process.on('disconnect', () => process.exit(0));
