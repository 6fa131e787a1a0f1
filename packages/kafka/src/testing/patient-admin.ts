/** An admin client that waits for new topics for as long as a broker under load takes. */
import type { Admin } from 'kafkajs';
import { eventually } from '../../../conformance/src/test-kit/eventually.js';

const PATIENCE_MS = 30_000;

/** The client waits for leaders by itself, but gives up where a broker under load does not know the topic yet. */
export function patient(admin: Admin): Admin {
  const { createTopics } = admin;
  admin.createTopics = async (options) => {
    const created = await createTopics({ ...options, waitForLeaders: false });
    const topics = options.topics.map(({ topic }) => topic);
    const haveLeaders = async () => {
      const found = (await admin.fetchTopicMetadata({ topics })).topics;
      return found.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
    };
    await eventually(PATIENCE_MS, haveLeaders, `the topics ${topics} have leaders`);
    return created;
  };
  return admin;
}
