// How long npm's jose takes to encrypt compact tokens to one key: after one line of JSON {pem, alg,
// enc, payload} it answers with a token. Every further line holds a number: so many tokens
// are made, and the answer is the CPU time of one in microseconds, of all its threads, because the
// cipher runs on one of its own.
import { webcrypto } from 'node:crypto';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// Node 18, Debian's, has the class but does not show it.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
const installed = createRequire(new URL('../interop/jose/package.json', import.meta.url));
const { CompactEncrypt, importSPKI } = await import(pathToFileURL(installed.resolve('jose')));

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { pem, alg, enc, payload } = JSON.parse((await lines.next()).value);
const key = await importSPKI(pem, alg);
const plaintext = new TextEncoder().encode(payload);
const encrypt = () => new CompactEncrypt(plaintext).setProtectedHeader({ alg, enc, typ: 'JWT', kid: 'k1' }).encrypt(key);

console.log(await encrypt());
for await (const line of lines) {
  const times = Number(line);
  const before = process.cpuUsage();
  for (let i = 0; i < times; ++i) await encrypt();
  const used = process.cpuUsage(before);
  console.log((used.user + used.system) / times);
}
