/** Loads the native client when it is first needed: importing the adapter never fails for a missing binary. */
import { createRequire } from 'node:module';
import type * as client from '@confluentinc/kafka-javascript';
import { PluginError } from '@ebus/core/driver';

/** The module `@confluentinc/kafka-javascript`. */
export type NativeClient = typeof client;

/** A consumer with what its published types leave out. */
export interface NativeConsumer extends client.KafkaConsumer {
  incrementalAssign(partitions: readonly { topic: string; partition: number; offset: number }[]): this;
  incrementalUnassign(partitions: readonly { topic: string; partition: number }[]): this;
  assignmentLost(): boolean;
  commitCb(
    offsets: readonly { topic: string; partition: number; offset: number }[],
    done: Callback<unknown>,
  ): this;
}

/** The client's admin, as this adapter uses it. */
export interface NativeAdmin {
  getMetadata(options: object, done: Callback<never>): void;
  describeTopics(topics: string[], options: object, done: Callback<never>): void;
  listOffsets(partitions: object[], options: object, done: Callback<never>): void;
  disconnect(): void;
}

/** Of the client's promise-free interface: all calls answer by a callback. */
export type Callback<T> = (error: unknown, result: T) => void;

const require = createRequire(import.meta.url);

/** @throws PluginError saying what to install */
export function loadNativeClient(): NativeClient {
  try {
    return require('@confluentinc/kafka-javascript') as NativeClient;
  } catch (cause) {
    throw new PluginError(
      "@ebus/kafka cannot load its native client; run 'npm rebuild @confluentinc/kafka-javascript', and where no " +
        'prebuilt binary can be fetched, set CKJS_LINKING=dynamic and install a C++ compiler and the Debian packages ' +
        'libssl-dev libsasl2-dev zlib1g-dev libzstd-dev liblz4-dev libcurl4-openssl-dev before',
      { cause },
    );
  }
}

/** One of the client's calls as a promise. */
export function called<T>(call: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error === null || error === undefined) resolve(result);
      else reject(error as Error);
    });
  });
}
