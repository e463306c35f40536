// lib/jose against the npm library `jose`: thousands of random tokens of every algorithm and encoding
// that we have, made by one side and read by the other, and tokens that somebody changed, of which
// both have to say the same. Where we refuse more it stands in jose/departures.mjs, with the reason.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";

import { encoded } from "./jose/by_hand.mjs";
import { DEPARTURES } from "./jose/departures.mjs";
import {
  OF_ENCRYPTED, OF_ENCRYPTED_HEADER, OF_HEADER, OF_TEXT, encryptedTo, signedBy,
} from "./jose/mutations.mjs";
import { OurSide } from "./jose/our_side.mjs";
import { Random, seedOfThisRun } from "./jose/random.mjs";
import { ENCRYPTIONS, MANAGEMENTS, SIGNATURES, TheirSide, publicOf } from "./jose/their_side.mjs";

const TOKENS = Number(process.env.VA_JOSE_TOKENS ?? 10_000);  // in each direction
const CHANGED = Math.ceil(TOKENS / 2);
const AT_ONCE = 250;
const MOST_PAYLOAD = 40_000;  // of a token of 64 KiB at most
const OURS_TO_SIGN = ["RS256", "PS256", "ES256", "EdDSA"];  // the others we verify only
const WHOLE_RUN = TOKENS >= 10_000;

const seed = seedOfThisRun();
const KIND = { RS: "rsa", PS: "rsa", ES256: "ec", ES384: "p384", Ed: "ed" };
const kindOf = (algorithm) => KIND[algorithm] ?? KIND[algorithm.slice(0, 2)];

let ours;
let theirs;
const keys = { signing: {}, encryption: {} };

function made(use, kid, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), kid, use };
}

function makeKeys() {
  for (const [kid, type, options] of [
    ["rsa-1", "rsa", { modulusLength: 2048 }], ["rsa-2", "rsa", { modulusLength: 3072 }],
    ["ec-1", "ec", { namedCurve: "P-256" }], ["ec-2", "ec", { namedCurve: "P-256" }],
    ["p384-1", "ec", { namedCurve: "P-384" }], ["ed-1", "ed25519", {}]]) {
    keys.signing[kid] = made("sig", kid, type, options);
  }
  for (const [kid, type, options] of [
    ["enc rsa", "rsa", { modulusLength: 2048 }], ["enc P-256", "ec", { namedCurve: "P-256" }],
    ["enc P-384", "ec", { namedCurve: "P-384" }]]) {
    keys.encryption[kid] = made("enc", kid, type, options);
  }
}

const signingKeysFor = (algorithm) => Object.values(keys.signing)
  .filter((key) => key.kid.startsWith(`${kindOf(algorithm)}-`));

const encryptionKeysFor = (management) => Object.values(keys.encryption)
  .filter((key) => (management === "ECDH-ES") === (key.kty === "EC"));

const setFor = (algorithms) => algorithms.join(" ");

before(async () => {
  console.log(`# VA_JOSE_SEED=${seed} VA_JOSE_TOKENS=${TOKENS}`);
  makeKeys();
  ours = new OurSide();
  theirs = new TheirSide(keys);
  for (const jwk of [...Object.values(keys.signing), ...Object.values(keys.encryption)]) {
    assert.deepEqual(await ours.ask({ op: "key", name: jwk.kid, jwk }), { accept: true });
  }
  const jwks = { keys: Object.values(keys.signing).map(publicOf) };
  for (const algorithms of [SIGNATURES, ...SIGNATURES.map((one) => [one])]) {
    assert.deepEqual(await ours.ask({ op: "set", name: setFor(algorithms), jwks, alg: algorithms }),
      { accept: true, keys: 6, skipped: 0 });
  }
});

after(async () => {
  if (ours) await ours.close();
});

// What a random token is made of. `ourWords`: only what our own side can write into a header.
function drawn(random, ourWords) {
  const signature = random.chance(0.5);
  const draw = { signature, payload: random.payload(MOST_PAYLOAD), members: {} };
  if (random.chance(0.5)) draw.members.typ = random.pick(["JWT", "at+jwt", random.text(30)]);
  if (signature) {
    draw.alg = random.pick(ourWords ? OURS_TO_SIGN : SIGNATURES);
    draw.key = random.pick(signingKeysFor(draw.alg));
  } else {
    draw.alg = random.pick(MANAGEMENTS);
    draw.enc = random.pick(ENCRYPTIONS);
    draw.key = random.pick(encryptionKeysFor(draw.alg));
    if (draw.alg === "ECDH-ES" && random.chance(0.3)) {
      draw.parties = { apu: random.bytes(1 + random.below(20)), apv: random.bytes(1 + random.below(20)) };
    }
    if (random.chance(0.3)) draw.members.cty = random.pick(["JWT", "json", random.text(20)]);
  }
  if (random.chance(0.8)) draw.members.kid = draw.key.kid;
  if (ourWords) {
    // An empty member is one that is left out.
    for (const name of Object.keys(draw.members)) {
      if (draw.members[name] === "") delete draw.members[name];
    }
  } else {
    if (signature && random.chance(0.3)) draw.members.cty = random.text(20);
    for (let i = random.below(4); i > 0; --i) draw.members[`x-${random.below(100)}`] = random.json(4);
  }
  return draw;
}

// Without a name a token may mean any key of its kind, and of several none is tried (attack O10).
const isAmbiguous = (draw) =>
  draw.signature && draw.members.kid === undefined && signingKeysFor(draw.alg).length > 1;

function madeByUs(draw) {
  const { typ = "", cty = "", kid = "" } = draw.members;
  const common = { key: draw.key.kid, alg: draw.alg, typ, kid, payload: encoded(draw.payload) };
  if (draw.signature) return ours.ask({ op: "sign", ...common });
  return ours.ask({ op: "encrypt", ...common, enc: draw.enc, cty,
    apu: encoded(draw.parties?.apu ?? ""), apv: encoded(draw.parties?.apv ?? "") });
}

function madeByThem(draw) {
  const header = { alg: draw.alg, ...draw.members };
  if (draw.signature) return theirs.sign(draw.key, header, draw.payload);
  return theirs.encrypt(draw.key, { ...header, enc: draw.enc }, draw.payload, draw.parties);
}

const judgedByUs = (draw, token, algorithms) => (draw.signature
  ? ours.ask({ op: "verify", set: setFor(algorithms ?? SIGNATURES), token })
  : ours.ask({ op: "decrypt", key: draw.key.kid, alg: draw.alg, token }));

const judgedByThem = (draw, token, algorithms) => (draw.signature
  ? theirs.verify(token, algorithms ?? SIGNATURES)
  : theirs.decrypt(token, draw.key, draw.alg));

async function inBatches(count, one) {
  for (let done = 0; done < count; done += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - done);
    await Promise.all(Array.from({ length: size }, (_, i) => one(done + i)));
  }
}

const told = (draw, token, more) => JSON.stringify({ seed, alg: draw.alg, enc: draw.enc,
  key: draw.key.kid, members: draw.members, token: String(token).slice(0, 1200), ...more });

function checkHeader(draw, header, what) {
  const expected = { alg: draw.alg, ...draw.members };
  if (!draw.signature) expected.enc = draw.enc;
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(header[name], JSON.parse(JSON.stringify(value)), `${name}: ${what}`);
  }
}

function counted(draws) {
  const count = {};
  for (const draw of draws) {
    const name = draw.signature ? draw.alg : `${draw.alg}/${draw.enc}/${draw.key.kid.slice(4)}`;
    count[name] = (count[name] ?? 0) + 1;
  }
  return count;
}

test("jose: what we sign and encrypt, the library accepts with the same bytes and header", async () => {
  const random = new Random(seed);
  const draws = Array.from({ length: TOKENS }, () => drawn(random, true));
  await inBatches(TOKENS, async (i) => {
    const draw = draws[i];
    const { token, reject } = await madeByUs(draw);
    assert.ok(token, told(draw, "", { reject }));
    const judged = await judgedByThem(draw, token);
    const what = told(draw, token, { judged: judged.reject });
    if (isAmbiguous(draw)) {
      assert.equal(judged.reject, "ERR_JWKS_MULTIPLE_MATCHING_KEYS", what);
      return;
    }
    assert.equal(judged.accept, true, what);
    assert.equal(judged.payload, encoded(draw.payload), what);
    checkHeader(draw, judged.header, what);
    const said = ["alg", "enc", "typ", "cty", "kid", "epk", "apu", "apv"];
    for (const name of Object.keys(judged.header)) assert.ok(said.includes(name), `${name}: ${what}`);
  });
  const kinds = counted(draws);
  console.log(`# ours: ${JSON.stringify(kinds)}`);
  assert.equal(Object.keys(kinds).length, OURS_TO_SIGN.length + 12);
});

test("jose: what the library signs and encrypts, we accept with the same bytes and header", async () => {
  const random = new Random(seed + 1);
  const draws = Array.from({ length: TOKENS }, () => drawn(random, false));
  await inBatches(TOKENS, async (i) => {
    const draw = draws[i];
    const token = await madeByThem(draw);
    const judged = await judgedByUs(draw, token);
    const what = told(draw, token, { judged: judged.reject });
    if (isAmbiguous(draw)) {
      assert.equal(judged.reject, "KEY_AMBIGUOUS", what);
      return;
    }
    assert.equal(judged.accept, true, what);
    assert.equal(judged.payload, encoded(draw.payload), what);
    assert.equal(judged.alg, draw.alg, what);
    assert.equal(judged.enc, draw.enc, what);
    for (const name of ["typ", "cty", "kid"]) assert.equal(judged[name], draw.members[name] ?? "", what);
  });
  const kinds = counted(draws);
  console.log(`# theirs: ${JSON.stringify(kinds)}`);
  assert.equal(Object.keys(kinds).length, SIGNATURES.length + 12);
});

// A token that was changed, and the name of the change.
async function changed(random) {
  const draw = drawn(random, false);
  draw.payload = random.payload(400);
  delete draw.parties;
  if (random.chance(0.5)) {
    const all = { ...OF_TEXT, ...(draw.signature ? {} : OF_ENCRYPTED) };
    const name = random.pick(Object.keys(all));
    draw.members.kid = draw.key.kid;
    return { draw, name, token: all[name](await madeByThem(draw), random) };
  }
  const all = { ...OF_HEADER, ...(draw.signature ? {} : OF_ENCRYPTED_HEADER) };
  const name = random.pick(Object.keys(all));
  const members = random.chance(0.8) ? { kid: draw.key.kid } : {};
  const token = draw.signature
    ? signedBy(draw.alg, draw.key, all[name], members, draw.payload, random)
    : encryptedTo(draw.alg, draw.enc, draw.key, all[name], members, draw.payload, random);
  return { draw, name, token };
}

test("jose: of changed tokens both say the same, but where we are known to be stricter", async () => {
  const random = new Random(seed + 2);
  const cases = [];
  for (let i = 0; i < CHANGED; ++i) cases.push(await changed(random));
  const seen = { accepted: 0, refused: 0, departed: {} };
  const unknown = {};
  await inBatches(CHANGED, async (i) => {
    const { draw, name, token } = cases[i];
    const [we, they] = await Promise.all([judgedByUs(draw, token), judgedByThem(draw, token)]);
    const what = told(draw, token, { change: name, we: we.reject ?? "accept", they: they.reject ?? "accept" });
    if (we.accept) {
      assert.equal(they.accept, true, `we accept what the library refuses: ${what}`);
      assert.equal(we.payload, they.payload, what);
      seen.accepted += 1;
    } else if (they.accept) {
      const departure = DEPARTURES[name];
      if (!departure?.reasons.includes(we.reject)) unknown[`${name}: ${we.reject}`] ??= what;
      seen.departed[name] = (seen.departed[name] ?? 0) + 1;
    } else {
      seen.refused += 1;
    }
  });
  console.log(`# changed: ${JSON.stringify(seen)}`);
  assert.deepEqual(unknown, {});
  assert.ok(seen.accepted > 0 && seen.refused > 0);
  if (WHOLE_RUN) {
    assert.deepEqual(
      Object.keys(DEPARTURES).filter((name) => !seen.departed[name] && !DEPARTURES[name].rare), [],
      "departures that nothing departed by");
  }
});

test("jose: a token of another algorithm than those of the use is refused by both", async () => {
  const random = new Random(seed + 3);
  await inBatches(SIGNATURES.length * SIGNATURES.length * 3, async (i) => {
    const draw = drawn(random, false);
    draw.signature = true;
    draw.alg = SIGNATURES[i % SIGNATURES.length];
    draw.key = random.pick(signingKeysFor(draw.alg));
    draw.members = { kid: draw.key.kid };
    const only = SIGNATURES[Math.floor(i / SIGNATURES.length) % SIGNATURES.length];
    const token = await theirs.sign(draw.key, { alg: draw.alg, ...draw.members }, draw.payload);
    const [we, they] = await Promise.all(
      [judgedByUs(draw, token, [only]), judgedByThem(draw, token, [only])]);
    const what = told(draw, token, { only, we, they });
    assert.equal(we.accept ?? false, only === draw.alg, what);
    assert.equal(they.accept ?? false, only === draw.alg, what);
  });
});
