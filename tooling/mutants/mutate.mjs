// One deliberate fault, put into the sources while they are loaded: nothing on disk changes.
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** @returns {import('./index.mjs').Mutant | undefined} the fault that this process is to have */
export function chosenMutant() {
  const text = process.env.EBUS_MUTANT;
  return text === undefined ? undefined : JSON.parse(text);
}

/** @param {import('./index.mjs').Mutant} mutant */
export function mutated(mutant, source) {
  const parts = source.split(mutant.find);
  if (parts.length === 2) return parts.join(mutant.replace);
  throw new Error(`mutant '${mutant.name}': ${mutant.file} has ${parts.length - 1} times: ${mutant.find}`);
}

/** Whether a module, as a path or URL, is the one to break. */
export function isMutantFile(mutant, module) {
  const path = module.startsWith('file:') ? fileURLToPath(module) : module;
  return path.split('?')[0] === root + mutant.file;
}

/** For vitest's configuration: a plugin that does nothing unless a fault is chosen. */
export function mutation() {
  const mutant = chosenMutant();
  return {
    name: 'ebus-mutation',
    enforce: 'pre',
    transform(code, id) {
      if (mutant !== undefined && isMutantFile(mutant, id)) return { code: mutated(mutant, code), map: null };
      return undefined;
    },
  };
}
