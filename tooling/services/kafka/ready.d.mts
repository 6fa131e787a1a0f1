export function listens(port: number, host?: string): Promise<boolean>;
export function readMetadata(
  port: number,
  host?: string,
): Promise<{ readonly clusterId: string | undefined; readonly brokers: readonly number[] } | undefined>;
