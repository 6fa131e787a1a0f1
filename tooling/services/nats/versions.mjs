// The NATS servers that tests run on: pinned here and nowhere else. docker-compose.yml uses the same (a test compares).

/** What `current` stands for. */
export const currentVersion = '2.15.2';

/** What `2.9` stands for where the distribution's package is not a 2.9. */
export const oldVersion = '2.9.25';
