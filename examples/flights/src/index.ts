/** For the programs that run the demo on a broker. */
export { runDemo } from './run-demo.js';
export type { Transport } from './transport.js';
