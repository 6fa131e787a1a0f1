/** One file for all environments: what they share is written once, and each changes only what differs. */
import { ConfigError, loadConfig } from '@ebus/core';
import { memory } from '@ebus/memory';

const file = new URL('./environments.yaml', import.meta.url);

for (const environment of ['development', 'production']) {
  const { publisher, topics } = await loadConfig(file, { plugins: [memory], environment });
  console.log(environment, JSON.stringify({ publisher, topics }));
}

// A test of the deployment: the file is checked for each environment, and nothing is connected.
try {
  await loadConfig(file, { plugins: [memory], environment: 'staging' });
} catch (error) {
  if (!ConfigError.isInstance(error)) throw error;
  for (const { path, message } of error.problems) console.log(`${path}: ${message}`);
}
