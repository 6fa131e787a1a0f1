/** `npm run demo -- tracing`: an order goes over two services, fails, is redriven, and is shown as one trace. */
import { startSdk } from './sdk.js';
import { INVOICES, openBilling, Shop } from './services.js';
import { treeOf } from './tree.js';

const sdk = startSdk();
const shop = await Shop.open();
const billing = await openBilling();

const deadLettered = new Promise<void>((resolve) => {
  shop.bus.on('deadLettered', () => resolve());
});
const traceId = await shop.placeOrder();
await deadLettered;
console.log('The shop could not mail the invoice: it is out of stamps. The event is a dead letter now.');

shop.hasStamps = true;
const { redriven } = await shop.bus.deadLetters.redrive(INVOICES);
await shop.bus.idle({ timeout: '10s' });
console.log(
  `Stamps were bought, and ${redriven} dead letter was redriven: ${shop.mailed} invoice is in the mail.`,
);

for (const bus of [shop.bus, billing]) await bus.close();
const trace = sdk.ended().filter((span) => span.spanContext().traceId === traceId);
console.log(`\nTrace ${traceId}, ${trace.length} spans:\n`);
for (const line of treeOf(trace)) console.log(`  ${line}`);

await sdk.shutdown();
console.log(
  sdk.endpoint === undefined
    ? '\nSet OTEL_EXPORTER_OTLP_ENDPOINT, such as http://localhost:4318, to see it in Jaeger, Tempo or another tool.'
    : `\nExported to ${sdk.endpoint}.`,
);
