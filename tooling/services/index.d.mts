/** A service that tests can have. */
export type ServiceName = 'nats' | 'postgres' | 'kafka';

export interface ServiceOptions {
  /**
   * `true`: a service of one's own, to kill, stop and restart; never one that the environment gives. Default `false`,
   * which takes what `EBUS_TEST_NATS` (version `current`), `EBUS_TEST_NATS_2_9`, `EBUS_TEST_POSTGRES`,
   * `EBUS_TEST_KAFKA` give.
   */
  readonly own?: boolean;
  /** Told which way was taken, and before work that takes long. Default: standard error. */
  readonly log?: (line: string) => void;
}

export interface NatsOptions extends ServiceOptions {
  /** Servers of one cluster. Default 1. */
  readonly nodes?: number;
  /** `current` (the default; pinned in nats/versions.mjs), `2.9` (any 2.9), or an exact version such as `2.11.4`. */
  readonly version?: string;
  /** `false`: a server without JetStream. Text: more lines for its block, as `max_file: 10MB`. Default `true`. */
  readonly jetstream?: boolean | string;
  /** Lines for the end of the configuration file (`authorization`, `tls`, `max_payload: 1KB`), for each node. */
  readonly config?: string | ((node: number) => string);
  /** Files that those lines name, by name and without a folder: `{ 'server.pem': '...' }` for `cert_file: server.pem`. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface KafkaOptions extends ServiceOptions {
  /** Nodes of one cluster, each of them broker and controller. Default 1. */
  readonly nodes?: number;
  /** `current` (the default; pinned in kafka/versions.mjs), or an exact version such as `4.0.0`. */
  readonly version?: string;
  /**
   * The security of the listener that `addresses` name, called CLIENT; what it needs goes into `config`, as
   * `listener.name.client.plain.sasl.jaas.config=...`. Nodes talk to each other without any. Default `PLAINTEXT`.
   */
  readonly protocol?: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  /**
   * `host:port` where clients are told to connect to, such as a proxy, instead of `addresses`: text for a single node of
   * one's own, else a function of the node.
   */
  readonly advertised?: string | ((node: number) => string);
  /** Passwords of users by their names, for the SCRAM mechanisms. */
  readonly scramUsers?: Readonly<Record<string, string>>;
  /** Lines for the end of server.properties, where they override what is there. */
  readonly config?: string | ((node: number) => string);
  /** Files that those lines name, by name and without a folder: `ssl.keystore.location=server.pem`. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface OptionsOf {
  readonly nats: NatsOptions;
  readonly postgres: ServiceOptions;
  readonly kafka: KafkaOptions;
}

/** Where a service is. */
export interface ServiceAddress {
  readonly name: ServiceName;
  /** The way it was provided. */
  readonly how: 'environment' | 'docker' | 'process';
  /** In words: `compiled by Go`, `Debian package`, an image, a variable's name. */
  readonly source: string;
  /** As the running server says; `undefined` where only its address was given. */
  readonly version: string | undefined;
  /** One for each node: `nats://127.0.0.1:15181`, `postgres://ebus@127.0.0.1:20042/ebus`, `127.0.0.1:9092`. */
  readonly addresses: readonly string[];
  /** NATS: the monitoring of each node, to which `/varz`, `/jsz`, `/connz` are appended. Empty where it is not known. */
  readonly monitoring: readonly string[];
}

/**
 * A running service. Nodes are counted from 1. The methods that control it reject where the environment gave it; ask
 * for one with `own: true`.
 */
export interface Service extends ServiceAddress, AsyncDisposable {
  /** Holds the data of all nodes; removed by `close`. `undefined` where the environment gave the service. */
  readonly folder: string | undefined;
  /** Ends a node as a crash does (SIGKILL). Resolves once it is gone. */
  kill(node?: number): Promise<void>;
  /** Asks a node to end in order. Resolves once it is gone. */
  stop(node?: number): Promise<void>;
  /**
   * Starts a node again, stopping it first where it runs: same ports, same files. Resolves once it is ready; with the
   * last missing node of a cluster, once the whole cluster is.
   */
  restart(node?: number): Promise<void>;
  /** Freezes a node: its connections stay open and nothing answers on them (SIGSTOP). */
  pause(node?: number): Promise<void>;
  /** Lets a frozen node go on. */
  resume(node?: number): Promise<void>;
  /** The end of what a node has printed. */
  log(node?: number): Promise<string>;
  /** The process of each node; `null` for one that does not run, or runs in a container. */
  pids(): Promise<readonly (number | null)[]>;
  /** Ends all nodes and removes their files. Harmless when repeated. */
  close(): Promise<void>;
}

/**
 * Starts a service and resolves once it is ready. Ends with this process, however this process ends, if it is not
 * closed before; does not keep this process running.
 *
 * @throws an `Error` that lists the ways that were tried and why each did not do, or with the end of the server's log
 */
export function startService<N extends ServiceName>(name: N, options?: OptionsOf[N]): Promise<Service>;

/**
 * Where a service is that others use too: started when first asked for, ended with the test run (or, outside of one,
 * with this process). Use names of your own (subjects, streams, tables) on it, and `startService` for what you kill or
 * configure.
 *
 * @throws as `startService` does
 */
export function sharedService<N extends ServiceName>(
  name: N,
  options?: Omit<OptionsOf[N], 'own' | 'log' | 'config' | 'files' | 'advertised'>,
): Promise<ServiceAddress>;

/**
 * Finds (compiles, downloads) what `startService` will run, and starts nothing. Quick when it is there already.
 *
 * @throws an `Error` that lists the ways that were tried and why each did not do
 */
export function prepareService<N extends ServiceName>(
  name: N,
  options?: OptionsOf[N],
): Promise<{ readonly source: string; readonly version: string | undefined }>;

/** Why a service cannot be had on this machine: the reason to skip a test for. `undefined` where it can. */
export function serviceProblem<N extends ServiceName>(
  name: N,
  options?: OptionsOf[N],
): Promise<string | undefined>;

/** Lets this process and those that it starts from now on share services, until `close`. For a test runner's set-up. */
export function serveShared(options?: {
  readonly log?: (line: string) => void;
}): Promise<{ close(): Promise<void> }>;
