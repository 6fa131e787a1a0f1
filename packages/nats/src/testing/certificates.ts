/** Certificates for a server on the loopback address and for a client, made by openssl. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a server needs to demand certificates of its clients. */
export const MUTUAL_TLS =
  'tls { cert_file: server.pem, key_file: server.key, ca_file: ca.pem, verify: true }';

/** An authority, and what it has signed: into the folder. Undefined where there is no openssl. */
export function certificates(folder: string): Record<string, string> | undefined {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  try {
    openssl('version');
  } catch {
    return undefined;
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = ['-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=ebus test'];
  openssl('req', '-x509', ...key, ...authority);
  for (const [name, usage] of [
    ['server', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(join(folder, 'extensions'), usage);
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'extensions'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-days', '2', '-out', `${name}.pem`);
  }
  const read = (name: string) => [name, readFileSync(join(folder, name), 'utf8')];
  return Object.fromEntries(['ca.pem', 'server.pem', 'server.key'].map(read));
}

/** Where a client finds its part of it. */
export function clientFiles(folder: string) {
  const [caFile, certFile, keyFile] = ['ca.pem', 'client.pem', 'client.key'].map((name) =>
    join(folder, name),
  );
  return { caFile, certFile, keyFile } as Record<'caFile' | 'certFile' | 'keyFile', string>;
}
