/** What code blocks in the documentation may use without declaring it. A block that declares its own is free to. */
import type { EventBus } from '@ebus/core';

declare global {
  const bus: EventBus;
  /** Stands for the application's own database. */
  const database: {
    save(record: unknown): Promise<void>;
    saveOnce(id: string, record: unknown): Promise<void>;
    query(sql: string, values: readonly unknown[]): Promise<void>;
  };
  /** Stands for the options of a contributor's own adapter. */
  interface MyBrokerConfig {
    servers: string[];
  }
}
