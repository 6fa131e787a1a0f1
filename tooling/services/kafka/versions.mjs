// The Kafka that tests run on.

/** Pinned; docker-compose.yml names the same. */
export const currentVersion = '4.1.0';

/** Kafka 4 runs on this or a newer one. */
export const oldestJava = 17;
