/** Options for topics of three sizes, to begin with. Each call makes an object of its own. */
import type { TopicOptions } from './types.js';

/** 10 partitions, 3 replicas, snappy, kept 7 days and up to 1 GB. */
export function highThroughputTopic(): TopicOptions {
  return { partitions: 10, replicas: 3, compression: 'snappy', retention: '7d', maxSize: '1GB' };
}

/** 5 partitions, 2 replicas, snappy, kept 3 days and up to 500 MB. */
export function mediumThroughputTopic(): TopicOptions {
  return { partitions: 5, replicas: 2, compression: 'snappy', retention: '3d', maxSize: '500MB' };
}

/** 3 partitions, 1 replica, snappy, kept 1 day and up to 100 MB. */
export function lowThroughputTopic(): TopicOptions {
  return { partitions: 3, replicas: 1, compression: 'snappy', retention: '1d', maxSize: '100MB' };
}
