// Types and documentation: index.d.mts.
export { startService } from './start-service.mjs';
