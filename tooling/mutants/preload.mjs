// The same for processes that tests start: `node --import preload.mjs`.
import { register } from 'node:module';
import { chosenMutant } from './mutate.mjs';

if (chosenMutant() !== undefined) register('./load-hook.mjs', import.meta.url);
