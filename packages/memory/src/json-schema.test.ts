import { configJsonSchema, Registry } from '@ebus/core';
import { expect, it } from 'vitest';
import { memory } from './index.js';

it('the JSON Schema of the configuration is the one that is shipped (run vitest -u to write it)', async () => {
  const schema = await configJsonSchema({ registry: new Registry().use(memory) });
  const file = `${JSON.stringify(schema, null, 2)}\n`;
  await expect(file).toMatchFileSnapshot('../schema/eventbus.schema.json');
});
