/** An order service with outbox and inbox, and a page to watch them. `npm run demo -- orders [memory|nats|kafka]` */
import { startApp } from './app.js';
import { readArguments } from './arguments.js';
import { runAsWorker } from './relay.js';

const args = process.argv.slice(2);
if (!(await runAsWorker(args))) {
  const { transport, port, host, seconds } = readArguments(args);
  const app = await startApp(transport, port, host);
  console.log(`An order service on ${app.on}:

  ${app.url}    the page: orders, their events, and the projection

  curl -X POST ${app.url}/orders -d '{"total": 42}'

Ctrl-C ends it.`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
    if (seconds !== undefined) setTimeout(resolve, seconds * 1_000);
  });
  console.log('\nClosing: the relay hands back what it has leased, running handlers finish.');
  await app.close();
}
