// A hook of Node's module loader: breaks the source before TypeScript is compiled.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chosenMutant, isMutantFile, mutated } from './mutate.mjs';

const mutant = chosenMutant();

export async function load(url, context, nextLoad) {
  if (mutant === undefined || !url.startsWith('file:') || !isMutantFile(mutant, url))
    return nextLoad(url, context);
  const source = await readFile(fileURLToPath(url), 'utf8');
  return { format: 'module', source: mutated(mutant, source), shortCircuit: true };
}
