// Types and documentation: index.d.mts.
export { serveShared, sharedService } from './shared-service.mjs';
export { prepareService, serviceProblem, startService } from './start-service.mjs';
