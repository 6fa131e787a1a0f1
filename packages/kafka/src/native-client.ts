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
    return require(CLIENT) as NativeClient;
  } catch (cause) {
    throw new PluginError(whyNotLoaded(cause), { cause });
  }
}

const CLIENT = '@confluentinc/kafka-javascript';

/** An optional dependency whose installation failed is not there at all; one whose install script did not run has no binary. */
export function whyNotLoaded(cause: unknown): string {
  const { code, message = '' } = cause as { code?: string; message?: string };
  const isAbsent = code === 'MODULE_NOT_FOUND' && message.includes(`'${CLIENT}'`);
  const remedy = isAbsent
    ? `it is not installed, because that failed or optional dependencies were left out; 'npm install ${CLIENT}' (or ` +
      `'pnpm add ${CLIENT}') installs it, and shows why it fails`
    : `its binary is missing or does not fit this machine; run 'npm rebuild ${CLIENT}', or with pnpm 'pnpm approve-builds' and then ` +
      `'pnpm rebuild ${CLIENT}'`;
  return (
    `@ebus/kafka cannot load its native client, ${CLIENT}: ${remedy}. Where no prebuilt binary can be fetched, set ` +
    'CKJS_LINKING=dynamic before and install a C++ compiler and the Debian packages libssl-dev libsasl2-dev zlib1g-dev ' +
    'libzstd-dev liblz4-dev libcurl4-openssl-dev'
  );
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
