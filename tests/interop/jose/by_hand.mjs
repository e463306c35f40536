// Tokens made from any header text with node's own cryptography: what neither library would write.
// `jwk` is a private JSON Web Key.
import {
  constants, createCipheriv, createHash, createHmac, createPrivateKey, createPublicKey,
  diffieHellman, generateKeyPairSync, publicEncrypt, randomBytes, sign,
} from "node:crypto";

export const encoded = (bytes) => Buffer.from(bytes).toString("base64url");

const privateKeys = new Map();
function privateKey(jwk) {
  if (!privateKeys.has(jwk.kid)) privateKeys.set(jwk.kid, createPrivateKey({ key: jwk, format: "jwk" }));
  return privateKeys.get(jwk.kid);
}

function signature(algorithm, jwk, text) {
  const key = privateKey(jwk);
  const digest = `sha${algorithm.slice(-3)}`;
  if (algorithm === "EdDSA") return sign(null, text, key);
  if (algorithm.startsWith("ES")) return sign(digest, text, { key, dsaEncoding: "ieee-p1363" });
  if (algorithm.startsWith("PS")) {
    return sign(digest, text, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  }
  return sign(digest, text, key);
}

// A JWS over `headerText` and `payload`, under `algorithm` whatever the header says.
export function signed(algorithm, jwk, headerText, payload) {
  const text = `${encoded(headerText)}.${encoded(payload)}`;
  return `${text}.${encoded(signature(algorithm, jwk, Buffer.from(text)))}`;
}

const CEK_BYTES = { A128GCM: 16, A256GCM: 32, "A128CBC-HS256": 32 };

function contentKey(management, encryption, jwk) {
  if (management === "ECDH-ES") return agreedKey(encryption, jwk);
  const cek = randomBytes(CEK_BYTES[encryption]);
  const key = createPublicKey(privateKey(jwk));
  const wrapped = publicEncrypt({
    key, padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: management === "RSA-OAEP" ? "sha1" : "sha256",
  }, cek);
  return { cek, wrapped, members: {} };
}

const sized = (bytes) => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
};

// RFC 7518 section 4.6.2, one round: all keys here are at most 32 bytes long.
function agreedKey(encryption, jwk) {
  const ephemeral = generateKeyPairSync("ec", { namedCurve: jwk.crv });
  const secret = diffieHellman({
    privateKey: ephemeral.privateKey, publicKey: createPublicKey(privateKey(jwk)),
  });
  const length = CEK_BYTES[encryption];
  const bits = Buffer.alloc(4);
  bits.writeUInt32BE(length * 8);
  const round = Buffer.from([0, 0, 0, 1]);
  const cek = createHash("sha256")
    .update(Buffer.concat([round, secret, sized(Buffer.from(encryption)), sized(Buffer.alloc(0)),
      sized(Buffer.alloc(0)), bits])).digest().subarray(0, length);
  return { cek, wrapped: Buffer.alloc(0), members: { epk: ephemeral.publicKey.export({ format: "jwk" }) } };
}

function sealed(encryption, cek, aad, payload) {
  if (encryption !== "A128CBC-HS256") {
    const iv = randomBytes(12);
    const cipher = createCipheriv(`aes-${cek.length * 8}-gcm`, cek, iv);
    cipher.setAAD(aad);
    const text = Buffer.concat([cipher.update(payload), cipher.final()]);
    return { iv, text, tag: cipher.getAuthTag() };
  }
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-128-cbc", cek.subarray(16), iv);
  const text = Buffer.concat([cipher.update(payload), cipher.final()]);
  const bits = Buffer.alloc(8);
  bits.writeBigUInt64BE(BigInt(aad.length) * 8n);
  const tag = createHmac("sha256", cek.subarray(0, 16))
    .update(Buffer.concat([aad, iv, text, bits])).digest().subarray(0, 16);
  return { iv, text, tag };
}

// A JWE whose header text is what `write` makes of the members that it needs.
export function encrypted(management, encryption, jwk, write, payload) {
  const { cek, wrapped, members } = contentKey(management, encryption, jwk);
  const header = encoded(write({ alg: management, enc: encryption, ...members }));
  const { iv, text, tag } = sealed(encryption, cek, Buffer.from(header), payload);
  return [header, ...[wrapped, iv, text, tag].map(encoded)].join(".");
}
