// When PostgreSQL is ready: it goes on to authentication when a client introduces itself, instead of refusing it.
import { connect } from 'node:net';

const PROTOCOL = 196_608; // 3.0

function startupMessage(user, database) {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + head.length, 0);
  head.writeInt32BE(PROTOCOL, 4);
  return Buffer.concat([head, body]);
}

/** Whether it answers a client with `R` (authentication), not with `E` (starting up) or not at all. */
export function acceptsClients(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const end = (ready) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1000, () => end(false));
    socket.on('error', () => end(false));
    socket.on('close', () => resolve(false));
    socket.on('connect', () => socket.write(startupMessage('ebus', 'ebus')));
    socket.on('data', (chunk) => end(chunk[0] === 0x52));
  });
}
