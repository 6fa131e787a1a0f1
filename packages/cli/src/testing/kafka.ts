/** A plain client for what ebus would not do: topics, groups and rights with other settings than its own. */
import kafkajs, { type Admin } from 'kafkajs';
import { patient } from '../../../kafka/src/testing/patient-admin.js';

/** Gives the work an admin client, and closes it afterwards. */
export async function managed<T>(
  brokers: readonly string[],
  work: (admin: Admin, client: kafkajs.Kafka) => Promise<T>,
): Promise<T> {
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = patient(client.admin());
  await admin.connect();
  try {
    return await work(admin, client);
  } finally {
    await admin.disconnect();
  }
}

/** Settings as the client writes them. */
export const entries = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).map(([name, value]) => ({ name, value }));

/** A topic's new settings take the place of all that it had. */
export async function configure(admin: Admin, topic: string, settings: Readonly<Record<string, string>>) {
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries: entries(settings) };
  await admin.alterConfigs({ validateOnly: false, resources: [resource] });
}
