/** What a platform team decides once, for the topics of all services. */
import { highThroughputTopic, lowThroughputTopic, TopicGovernance, TopicTemplates } from '@ebus/core';

/** How a topic is made, by the kind that its name says. */
export const templates = new TopicTemplates({
  'business.**': { ...highThroughputTopic(), persistence: 'persistent' },
  'audit.*': { persistence: 'persistent', retention: '365d', replicas: 3 },
  'metrics.*': { ...lowThroughputTopic(), persistence: 'ephemeral', retention: '1h' },
});

/** What no topic may fall short of, however it was configured. */
export const governance = new TopicGovernance([
  { pattern: 'business.**', minReplicas: 3, requiredPersistence: 'persistent' },
  { pattern: 'audit.*', minReplicas: 3, requiredPersistence: 'persistent' },
  { pattern: 'metrics.*', maxRetention: '1d' },
]);
