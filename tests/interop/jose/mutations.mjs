// What becomes of good tokens: changes of their text, and tokens made by hand around a header that no
// library would write. Both sides have to say the same of each one, but for the departures.
import { encoded, encrypted, signed } from "./by_hand.mjs";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const parts = (token) => token.split(".");
const at = (text, index, put, removed = 1) => text.slice(0, index) + put + text.slice(index + removed);

function inPart(token, random, index, change) {
  const all = parts(token);
  const which = index < 0 ? all.length + index : index;
  all[which] = change(all[which], random);
  return all.join(".");
}

const inAnyPart = (change) => (token, random) =>
  inPart(token, random, random.below(parts(token).length), change);
const inLastPart = (change) => (token, random) => inPart(token, random, -1, change);

const bytesOf = (change) => (part, random) => encoded(change(Buffer.from(part, "base64url"), random));

function flipped(bytes, random) {
  if (bytes.length === 0) return Buffer.from([1]);
  bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  return bytes;
}

// The same bytes with another last character: the bits that no byte needs are not zero.
function spelledOtherwise(part, random) {
  const spare = { 2: 4, 3: 2 }[part.length % 4];
  if (!spare) return `${part}A`;
  const last = ALPHABET.indexOf(part.at(-1));
  return part.slice(0, -1) + ALPHABET[last + 1 + random.below(2 ** spare - 1)];
}

// Changes of the text of any compact token: name and what comes of (token, random).
export const OF_TEXT = {
  "a bit of any part": inAnyPart(bytesOf(flipped)),
  "a bit of the last part": inLastPart(bytesOf(flipped)),
  "another letter": inAnyPart((part, random) =>
    at(part, random.below(part.length + 1), random.pick([...ALPHABET]))),
  "a foreign letter": inAnyPart((part, random) => at(part, random.below(part.length + 1),
    random.pick(["+", "/", "=", "~", "%", "\u0000", "é", ",", "\""]))),
  "a letter more": inAnyPart((part, random) =>
    at(part, random.below(part.length + 1), random.pick([...ALPHABET]), 0)),
  "a letter less": inAnyPart((part, random) => at(part, random.below(part.length + 1), "")),
  "a blank in it": inAnyPart((part, random) =>
    at(part, random.below(part.length + 1), random.pick([" ", "\n", "\t", "\r"]), 0)),
  "a blank behind it": (token, random) => token + random.pick([" ", "\n", "\r\n", "\t"]),
  "a blank before it": (token, random) => random.pick([" ", "\n", "\ufeff"]) + token,
  "padding of any part": inAnyPart((part, random) => part + random.pick(["=", "==", "==="])),
  "padding of the last part": inLastPart((part) => part + "=".repeat((4 - (part.length % 4)) % 4 || 4)),
  "the last part spelled otherwise": inLastPart(spelledOtherwise),
  "any part spelled otherwise": inAnyPart(spelledOtherwise),
  "the last part shorter": inLastPart(bytesOf((bytes, random) =>
    bytes.subarray(0, random.below(bytes.length)))),
  "the last part longer": inLastPart(bytesOf((bytes, random) =>
    Buffer.concat([bytes, random.bytes(1 + random.below(4))]))),
  "the last part with zeros in front": inLastPart(bytesOf((bytes) =>
    Buffer.concat([Buffer.alloc(1), bytes]))),
  "an empty part": inAnyPart(() => ""),
  "a part less": (token, random) => {
    const all = parts(token);
    all.splice(random.below(all.length), 1);
    return all.join(".");
  },
  "a part more": (token, random) => {
    const all = parts(token);
    all.splice(random.below(all.length + 1), 0, random.pick(["", "e30", "AA"]));
    return all.join(".");
  },
  "parts exchanged": (token, random) => {
    const all = parts(token);
    const [one, other] = [random.below(all.length), random.below(all.length)];
    [all[one], all[other]] = [all[other], all[one]];
    return all.join(".");
  },
  "half of it": (token, random) => token.slice(0, random.below(token.length)),
  "nothing": () => "",
  "another header, nothing else": (token, random) => inPart(token, random, 0, (part) => {
    const header = JSON.parse(Buffer.from(part, "base64url"));
    header.alg = random.pick(["none", "None", "HS256", "RS256", "PS256", "ES256", "EdDSA", "ES384",
      "RSA1_5", "dir", "A128KW", "RSA-OAEP", "ECDH-ES", "", 1, null].filter((a) => a !== header.alg));
    return encoded(JSON.stringify(header));
  }),
  "JSON serialization": (token) => {
    const all = parts(token);
    return JSON.stringify(all.length === 3
      ? { protected: all[0], payload: all[1], signature: all[2] }
      : { protected: all[0], encrypted_key: all[1], iv: all[2], ciphertext: all[3], tag: all[4] });
  },
};

// Changes of encrypted tokens, whose last parts the cipher reads as one.
export const OF_ENCRYPTED = {
  "a byte of the tag moved into the ciphertext": (token) => {
    const all = parts(token).map((part) => Buffer.from(part, "base64url"));
    const whole = Buffer.concat([all[3], all[4]]);
    const cut = all[3].length + 1;
    return [...all.slice(0, 3), whole.subarray(0, cut), whole.subarray(cut)].map(encoded).join(".");
  },
  "a byte of the ciphertext moved into the tag": (token) => {
    const all = parts(token).map((part) => Buffer.from(part, "base64url"));
    const whole = Buffer.concat([all[3], all[4]]);
    const cut = Math.max(all[3].length - 1, 0);
    return [...all.slice(0, 3), whole.subarray(0, cut), whole.subarray(cut)].map(encoded).join(".");
  },
  "an initialisation vector of another length": (token, random) => inPart(token, random, 2,
    bytesOf((bytes) => random.pick([bytes.subarray(1), Buffer.concat([bytes, Buffer.alloc(4)]),
      Buffer.alloc(0)]))),
  "an encrypted key where none belongs, or none": (token, random) => inPart(token, random, 1,
    (part) => (part === "" ? encoded(random.bytes(24)) : "")),
  "another encrypted key": (token, random) => inPart(token, random, 1,
    bytesOf((bytes) => random.bytes(bytes.length))),
};

// Header texts that a genuine key then signs or authenticates: name and what comes of (members, random).
// `members` holds what the token needs.
const withMember = (make) => (members, random) =>
  JSON.stringify({ ...members, ...make(random, members) });
export const OF_HEADER = {
  "nothing odd": withMember(() => ({})),
  "members of its own": withMember((random) => ({ "x-own": random.json(4), n: 1.5e300 })),
  "blanks between the members": (members) => JSON.stringify(members, null, "\t\r\n  "),
  "members in another order": (members) =>
    JSON.stringify(Object.fromEntries(Object.entries(members).reverse())),
  "letters spelled as numbers": (members) =>
    JSON.stringify(members).replace(/[a-zA-Z]/, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  "crit that names nothing known": withMember(() => ({ crit: ["exp"], exp: 1 })),
  "crit that is empty": withMember(() => ({ crit: [] })),
  "crit that is no list": withMember(() => ({ crit: "b64" })),
  "crit that is null": withMember(() => ({ crit: null })),
  "crit b64 true": withMember(() => ({ crit: ["b64"], b64: true })),
  "crit b64 false": withMember(() => ({ crit: ["b64"], b64: false })),
  "b64 without crit": withMember((random) => ({ b64: random.chance(0.5) })),
  "zip": withMember((random) => ({ zip: random.pick(["DEF", "GZ", "", null, 1]) })),
  "jwk": withMember(() => ({ jwk: { kty: "oct", k: "AA" } })),
  "jku": withMember(() => ({ jku: "https://keys.example/set" })),
  "x5u": withMember(() => ({ x5u: "https://keys.example/crt" })),
  "x5c": withMember(() => ({ x5c: ["MIIB"] })),
  "x5t": withMember(() => ({ x5t: "AAAA", "x5t#S256": "AAAA" })),
  "alg missing": (members) => JSON.stringify({ ...members, alg: undefined }),
  "alg twice": (members) => JSON.stringify(members).replace("{", `{"alg":"none",`),
  "a member of its own twice": (members) => JSON.stringify(members).replace("{", `{"x":1,"x":2,`),
  "a member twice, deeper down": (members) =>
    JSON.stringify(members).replace("{", `{"x":{"y":1,"y":2},`),
  "alg no text": withMember((random) => ({ alg: random.pick([1, null, ["ES256"], {}, true]) })),
  "alg of another spelling": withMember((random, members) =>
    ({ alg: random.pick([members.alg.toLowerCase(), `${members.alg} `, ` ${members.alg}`,
      `${members.alg}\u0000`].filter((a) => a !== members.alg)) })),
  "alg none": withMember((random) => ({ alg: random.pick(["none", "None", "nOnE", "NONE", ""]) })),
  "alg that nobody offers here": withMember((random) => ({ alg: random.pick(["HS256", "HS512",
    "RS384", "PS384", "PS512", "ES512", "RSA1_5", "dir", "A128KW", "A256GCMKW", "ECDH-ES+A128KW",
    "PBES2-HS256+A128KW", "RSA-OAEP-384", "RSA-OAEP-512"]) })),
  "typ no text": withMember((random) => ({ typ: random.pick([1, null, ["JWT"]]) })),
  "cty no text": withMember((random) => ({ cty: random.pick([1, null, {}]) })),
  "kid no text": withMember((random) => ({ kid: random.pick([1, null, ["a"]]) })),
  "kid of nobody": withMember((random) => ({ kid: random.pick(["nobody", "../../etc/passwd",
    "' OR 1=1 --", "constructor", "__proto__", "x".repeat(3000)]) })),
  "kid empty": withMember(() => ({ kid: "" })),
  "half a letter": (members) => JSON.stringify(members).replace("{", `{"x":"\\ud800",`),
  "deep": withMember(() => ({ x: Array.from({ length: 40 }).reduce((inner) => [inner], 1) })),
  "too deep for anybody": (members) =>
    JSON.stringify(members).replace("{", `{"x":${"[".repeat(100000)}${"]".repeat(100000)},`),
  "a byte order mark": (members) => `\ufeff${JSON.stringify(members)}`,
  "bytes that are no UTF-8": (members) => Buffer.concat([
    Buffer.from(JSON.stringify(members).replace(/}$/, `,"x":"`)), Buffer.from([0xc3, 0x28]),
    Buffer.from("\"}")]),
  "a zero byte behind it": (members) => `${JSON.stringify(members)}\u0000`,
  "something behind it": (members) => `${JSON.stringify(members)}x`,
  "a comma too many": (members) => JSON.stringify(members).replace(/}$/, ",}"),
  "a comment": (members) => JSON.stringify(members).replace("{", "{/* */"),
  "a list": (members) => JSON.stringify([members]),
  "a text": () => "\"header\"",
  "null": () => "null",
  "empty": () => "",
  "larger than we read": withMember(() => ({ x: "x".repeat(9000) })),
  "__proto__": (members) => JSON.stringify(members).replace("{", `{"__proto__":{"b64":false},`),
  "a number beyond all": (members) => JSON.stringify(members).replace("{", `{"x":1e999,`),
};

// Of encrypted tokens only.
export const OF_ENCRYPTED_HEADER = {
  "enc missing": (members) => JSON.stringify({ ...members, enc: undefined }),
  "enc no text": withMember((random) => ({ enc: random.pick([1, null, ["A256GCM"]]) })),
  "enc that nobody offers here": withMember((random) => ({ enc: random.pick(["A192GCM",
    "A192CBC-HS384", "A256CBC-HS512", "a256gcm", "", "XC20P"]) })),
  "enc of the same length": withMember((random, members) =>
    ({ enc: members.enc === "A256GCM" ? "A128CBC-HS256" : "A256GCM" })),
  "epk missing": (members) => JSON.stringify({ ...members, epk: undefined }),
  "epk that is not asked for": withMember((random, members) => (members.epk ? {} : {
    epk: { kty: "EC", crv: "P-256", x: "AA", y: "AA" } })),
  "epk no object": withMember((random) => ({ epk: random.pick([1, null, "x", []]) })),
  "epk of another curve": withMember((random, members) => ({ epk: { ...members.epk,
    crv: members.epk?.crv === "P-256" ? "P-384" : "P-256" } })),
  "epk that is no point": withMember((random, members) => ({ epk: { ...members.epk,
    x: encoded(random.bytes(members.epk?.crv === "P-384" ? 48 : 32)) } })),
  "epk beyond the field": withMember((random, members) => ({ epk: { ...members.epk,
    y: encoded(Buffer.alloc(members.epk?.crv === "P-384" ? 48 : 32, 0xff)) } })),
  "epk all zeros": withMember((random, members) => {
    const zeros = encoded(Buffer.alloc(members.epk?.crv === "P-384" ? 48 : 32));
    return { epk: { ...members.epk, x: zeros, y: zeros } };
  }),
  "epk too wide": withMember((random, members) => ({ epk: { ...members.epk,
    x: encoded(Buffer.concat([Buffer.alloc(1), Buffer.from(members.epk?.x ?? "", "base64url")])) } })),
  "epk that is no EC key": withMember((random, members) => ({ epk: { ...members.epk,
    kty: random.pick(["RSA", "oct", "OKP", "ec", 1]) } })),
  "epk with its private part": withMember((random, members) => ({ epk: { ...members.epk,
    d: encoded(random.bytes(32)) } })),
  "epk with members of its own": withMember((random, members) => ({ epk: { ...members.epk,
    kid: "ephemeral", x5t: "AA" } })),
  "apu no text": withMember((random) => ({ apu: random.pick([1, null, {}]) })),
  "apu not base64url": withMember((random) => ({ apu: random.pick(["=", "a b", "A", "Zg=="]) })),
  "apv that was not agreed on": withMember(() => ({ apv: "AAAA" })),
  "p2c": withMember(() => ({ p2c: 2147483647, p2s: "AAAAAAAAAAAAAAAA" })),
};

export const signedBy = (algorithm, jwk, change, members, payload, random) =>
  signed(algorithm, jwk, change({ alg: algorithm, ...members }, random), payload);

export const encryptedTo = (management, encryption, jwk, change, members, payload, random) =>
  encrypted(management, encryption, jwk, (needed) => change({ ...needed, ...members }, random), payload);
