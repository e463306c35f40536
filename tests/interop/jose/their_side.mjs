// The npm library `jose` as an application would use it: keys in a set for signatures, one key for
// what is encrypted, closed lists of algorithms.
import { webcrypto } from "node:crypto";

// Debian's node has these, but not as globals.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
const jose = await import("jose");

export const SIGNATURES = ["RS256", "PS256", "ES256", "EdDSA", "RS512", "ES384"];
export const MANAGEMENTS = ["RSA-OAEP", "RSA-OAEP-256", "ECDH-ES"];
export const ENCRYPTIONS = ["A128GCM", "A256GCM", "A128CBC-HS256"];

export class TheirSide {
  constructor(keys) {
    this.keys = keys;  // by name: private JWKs
    this.imported = new Map();
    this.set = jose.createLocalJWKSet({ keys: Object.values(keys.signing).map(publicOf) });
  }

  // The key as `jose` takes it; imported once for each algorithm.
  async key(jwk, algorithm) {
    const name = `${jwk.kid} ${jwk.d ? "private" : "public"} ${algorithm}`;
    if (!this.imported.has(name)) this.imported.set(name, await jose.importJWK(jwk, algorithm));
    return this.imported.get(name);
  }

  async sign(jwk, header, payload) {
    return new jose.CompactSign(payload).setProtectedHeader(header)
      .sign(await this.key(jwk, header.alg));
  }

  async verify(token, algorithms) {
    return answer(async () => {
      const { payload, protectedHeader } =
        await jose.compactVerify(token, this.set, { algorithms });
      return { payload, header: protectedHeader };
    });
  }

  async encrypt(jwk, header, payload, parties) {
    const encrypt = new jose.CompactEncrypt(payload).setProtectedHeader(header);
    if (parties) encrypt.setKeyManagementParameters(parties);
    return encrypt.encrypt(await this.key(publicOf(jwk), header.alg));
  }

  // `algorithm`: the one that the key is for.
  async decrypt(token, jwk, algorithm) {
    const key = await this.key(jwk, algorithm);
    return answer(async () => {
      const { plaintext, protectedHeader } = await jose.compactDecrypt(token, key,
        { keyManagementAlgorithms: [algorithm], contentEncryptionAlgorithms: ENCRYPTIONS });
      return { payload: plaintext, header: protectedHeader };
    });
  }
}

async function answer(ask) {
  try {
    const { payload, header } = await ask();
    return { accept: true, payload: Buffer.from(payload).toString("base64url"), header };
  } catch (error) {
    return { reject: error.code ?? error.name };
  }
}

export function publicOf(jwk) {
  const { d, p, q, dp, dq, qi, ...rest } = jwk;
  return rest;
}
