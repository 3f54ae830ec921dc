/** Certificates for a broker and its clients, made by the openssl command as an operator would. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Pair = { readonly certificateFile: string; readonly keyFile: string };

const openssl = (...args: string[]): void => {
  execFileSync('openssl', args, { stdio: 'ignore' });
};

export class Authority {
  readonly folder: string;
  readonly caFile: string;
  readonly #caKey: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.caFile = join(folder, 'ca.crt');
    this.#caKey = join(folder, 'ca.key');
    const pair = ['-keyout', this.#caKey, '-out', this.caFile];
    const use = ['-addext', 'keyUsage=critical,keyCertSign'];
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ed25519',
      '-nodes',
      '-subj',
      '/CN=test ca',
      '-days',
      '2',
      ...use,
      ...pair,
    );
  }

  /** A certificate with that common name, for 127.0.0.1. */
  issue(commonName: string, file = commonName): Pair {
    const at = (suffix: string): string => join(this.folder, `${file}.${suffix}`);
    openssl(
      'req',
      '-newkey',
      'ed25519',
      '-nodes',
      '-subj',
      `/CN=${commonName}`,
      '-keyout',
      at('key'),
      '-out',
      at('csr'),
    );
    writeFileSync(at('ext'), 'subjectAltName=IP:127.0.0.1\n');
    const by = ['-CA', this.caFile, '-CAkey', this.#caKey, '-CAcreateserial', '-extfile', at('ext')];
    openssl('x509', '-req', '-in', at('csr'), '-days', '2', ...by, '-out', at('crt'));
    chmodSync(at('key'), 0o600);
    return { certificateFile: at('crt'), keyFile: at('key') };
  }
}
