/** `tollbridge key`: makes a key file and shows who it is. */

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { didKey, idOf } from '../schemas/identity.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { loadCrypto } from './host/crypto.ts';
import { openSigner } from './signer.ts';

export const HELP = `tollbridge key create FILE: makes a private key (Ed25519, PKCS#8 PEM, mode 0600) and shows who it is
tollbridge key show FILE: shows the did:key and the id of a key file

  --json    one JSON object: {"did", "id", "file"}

A key is an account, an MQTT user and a signature: whoever reads the file is its owner. No key is ever
written over. openssl reads and writes the same files: openssl genpkey -algorithm ed25519 -out FILE
`;

export const run = async (argv: readonly string[]): Promise<Result<number>> => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { json: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [action, file] = positionals;
  if ((action !== 'create' && action !== 'show') || file === undefined || positionals.length > 2)
    return refuse('config-invalid', 'write: tollbridge key create FILE, or: tollbridge key show FILE');
  if (action === 'create' && existsSync(file))
    return refuse('key-file', `${file} exists already, and no key is ever written over: see key show`);
  if (action === 'show' && !existsSync(file))
    return refuse('key-file', `there is no key file ${file}: tollbridge key create ${file} makes one`);
  const crypto = await loadCrypto(process.env.TOLLBRIDGE_CRYPTO);
  const signer = openSigner(file, crypto);
  if (!signer.ok) return signer;
  const did = didKey(signer.value.key);
  const id = idOf(signer.value.key, crypto.sha256);
  console.log(values.json ? JSON.stringify({ did, id, file }) : `${did}\nid ${id}\n${file}`);
  return ok(0);
};
