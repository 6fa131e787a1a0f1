// A program that starts services, says what it has started, and then does nothing until it is killed.
import { startKept } from '../start-service.mjs';

const names = process.argv.slice(2);
const started = await Promise.all(names.map((name) => startKept(name, {}, () => {})));
const all = (of) => started.flatMap(of);
const what = {
  keepers: all(({ keeper }) => keeper.pid),
  servers: all(({ described }) => described.pids.filter((pid) => pid !== null)),
  folders: all(({ described }) => described.folder),
};
process.stdout.write(`${JSON.stringify(what)}\n`);
setInterval(() => {}, 60_000);
