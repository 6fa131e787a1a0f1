// Importing core loads core and nothing else: schemas and parsers come with the first bus or the first file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';

/** The packages that a module and its own modules import at once. */
function packagesOf(url, seen = new Set(), found = new Set()) {
  if (seen.has(url.href)) return found;
  seen.add(url.href);
  const text = readFileSync(url, 'utf8');
  for (const [, name] of text.matchAll(/^(?:import|export)\b[^;'"]*?(?:from\s*)?["']([^"']+)["'];?$/gm)) {
    if (name.startsWith('.')) packagesOf(new URL(name, url), seen, found);
    else if (!isBuiltin(name)) found.add(name);
  }
  return found;
}

const entry = (name) => new URL(import.meta.resolve(name));
assert.deepEqual([...packagesOf(entry('@ebus/core'))], []);
// The check can see them: adapters define their schemas with zod.
assert.ok(packagesOf(entry('@ebus/core/driver')).has('zod'));
