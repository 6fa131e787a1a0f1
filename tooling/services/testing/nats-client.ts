/** A NATS client that is just enough to see whether a server works: no library, so that none of its retries helps. */
import { connect, type Socket } from 'node:net';

export interface NatsClient extends Disposable {
  readonly info: {
    readonly jetstream?: boolean;
    readonly version?: string;
    readonly [name: string]: unknown;
  };
  /** Rejects when there is no answer within five seconds. */
  request(subject: string, body?: unknown): Promise<Answer>;
}

/** What the JetStream API answers. */
export interface Answer {
  readonly error?: { readonly description: string };
  readonly state?: { readonly messages: number };
  readonly seq?: number;
}

const ANSWER_MS = 5000;

export function natsClient(address: string, user: object = {}): Promise<NatsClient> {
  const { hostname, port } = new URL(address);
  const socket = connect({ host: hostname, port: Number(port) });
  const answers = new Map<string, (answer: Answer) => void>();
  let buffer = '';
  let last = 0;
  return new Promise((resolve, reject) => {
    const greeted = (info: NatsClient['info']) => {
      socket.write(`CONNECT ${JSON.stringify({ verbose: false, ...user })}\r\nSUB answer.* 1\r\nPING\r\n`);
      return { info, request, [Symbol.dispose]: () => socket.destroy() };
    };
    let client: NatsClient | undefined;
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      buffer += chunk;
      for (let line = nextLine(); line !== undefined; line = nextLine()) {
        if (line.startsWith('INFO ')) client ??= greeted(JSON.parse(line.slice(5)));
        else if (line === 'PING') socket.write('PONG\r\n');
        else if (line === 'PONG' && client !== undefined) resolve(client);
        else if (line.startsWith('-ERR')) reject(new Error(line));
      }
    });
  });

  function nextLine(): string | undefined {
    const end = buffer.indexOf('\r\n');
    if (end === -1) return undefined;
    const line = buffer.slice(0, end);
    const [, subject, size] = /^MSG +(\S+) +\S+ +(?:\S+ +)?(\d+)$/.exec(line) ?? [];
    if (subject === undefined) {
      buffer = buffer.slice(end + 2);
      return line;
    }
    const body = end + 2;
    const after = body + Number(size) + 2;
    if (buffer.length < after) return undefined;
    answers.get(subject)?.(JSON.parse(buffer.slice(body, after - 2)));
    buffer = buffer.slice(after);
    return line;
  }

  function request(subject: string, body: unknown = ''): Promise<Answer> {
    last += 1;
    const inbox = `answer.${last}`;
    const payload = body === '' ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${subject}`)), ANSWER_MS);
      answers.set(inbox, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      send(socket, `PUB ${subject} ${inbox} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`);
    });
  }
}

const send = (socket: Socket, text: string) => void socket.write(text);
