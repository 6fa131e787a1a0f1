/** `npm run demo`: on the in-memory transport. */
import { memory } from '@ebus/memory';
import { runDemo } from './run-demo.js';

await runDemo(() => ({ on: 'the in-memory transport', config: { type: 'memory' }, plugin: memory }));
