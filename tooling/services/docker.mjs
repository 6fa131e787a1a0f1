// Whether docker compose can be used, and with which images.
import { readFileSync } from 'node:fs';
import { lastLines, runCommand } from './run-command.mjs';

/** The first that takes the content of a container's files from the compose file. */
const COMPOSE = '2.23.1';

let engine;

/**
 * The version of the engine that answers; asked once in a process.
 *
 * @returns {Promise<string>}
 * @throws an `Error` that says what is missing
 */
export function dockerEngine() {
  engine ??= (async () => {
    const compose = await runCommand('docker', ['compose', 'version', '--short']);
    if (compose.code === 127) throw new Error('docker: there is no `docker` on PATH');
    if (compose.code !== 0) throw new Error('docker: it has no `docker compose`');
    if (isOlder(compose.output.trim(), COMPOSE)) {
      throw new Error(`docker: its compose is ${compose.output.trim()}; it takes ${COMPOSE} or newer`);
    }
    const answer = await runCommand('docker', ['version', '--format', '{{.Server.Version}}']);
    if (answer.code !== 0) throw new Error(`docker: no engine answers (${lastLines(answer.output, 1)})`);
    return answer.output.trim();
  })();
  return engine;
}

/** Whether a version (`v2.20.3`, `2.40.3-desktop.1`) comes before another. */
export function isOlder(version, than) {
  const numbers = (text) => text.replace(/^v/, '').split(/[.-]/, 3).map(Number);
  const [a, b] = [numbers(version), numbers(than)];
  const i = a.findIndex((number, at) => number !== b[at]);
  return i !== -1 && a[i] < b[i];
}

/** Fetches an image unless it is there. */
export async function pullImage(image, log) {
  const known = await runCommand('docker', ['image', 'inspect', '--format', '{{.Id}}', image]);
  if (known.code === 0) return;
  log(`pulling ${image} ...`);
  const { code, output } = await runCommand('docker', ['pull', '--quiet', image]);
  if (code !== 0) throw new Error(`docker: could not pull ${image}: ${lastLines(output, 3)}`);
}

/** The image that docker-compose.yml at the root of this repository uses for a service. */
export function composeImage(name) {
  const file = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  const image = new RegExp(`^    image: (${name}:\\S+)$`, 'm').exec(file)?.[1];
  if (image === undefined) throw new Error(`docker-compose.yml has no image of ${name}`);
  return image;
}
