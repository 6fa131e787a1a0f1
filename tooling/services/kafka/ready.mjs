// When a Kafka broker is ready: it answers, for the right cluster, that it is one of its brokers.
import { connect } from 'node:net';

const METADATA = 3;
const VERSION = 2;

/** Whether anybody listens there. */
export function listens(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => end(false));
    socket.on('error', () => end(false));
    socket.on('connect', () => end(true));
  });
}

/**
 * What a broker knows about its cluster, asked without security; `undefined` while it does not answer.
 *
 * @returns {Promise<{ clusterId: string | undefined, brokers: readonly number[] } | undefined>}
 */
export function readMetadata(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    let received = Buffer.alloc(0);
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => end(undefined));
    socket.on('error', () => end(undefined));
    socket.on('close', () => resolve(undefined));
    socket.on('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      try {
        end(parseMetadata(received));
      } catch {
        end(undefined);
      }
    });
  });
}

/** About no topic: just the brokers. */
function metadataRequest() {
  const body = Buffer.alloc(16);
  body.writeInt16BE(METADATA, 0);
  body.writeInt16BE(VERSION, 2);
  body.writeInt32BE(1, 4); // correlation id
  body.writeInt16BE(0, 8); // client id
  body.writeInt32BE(0, 10); // topics
  const request = Buffer.alloc(4 + 14);
  request.writeInt32BE(14, 0);
  body.copy(request, 4, 0, 14);
  return request;
}

/** Size, correlation id, brokers [id, host, port, rack], cluster id, and more that is not read. */
function parseMetadata(buffer) {
  let at = 8;
  const int32 = () => {
    at += 4;
    return buffer.readInt32BE(at - 4);
  };
  const text = () => {
    const length = buffer.readInt16BE(at);
    at += 2;
    if (length < 0) return undefined;
    at += length;
    return buffer.toString('utf8', at - length, at);
  };
  const brokers = [];
  for (let left = int32(); left > 0; left -= 1) {
    brokers.push(int32());
    text();
    int32();
    text();
  }
  return { brokers, clusterId: text() };
}
