// Where we refuse what the library accepts: the change, the reason that we give, and why. The other
// way round there is nothing to list: what we accept and it refuses fails the test. So does a line
// that a whole run has no use for, unless it is `rare`: it would hide something.
const SPELLING = "bytes have one spelling (RFC 7515 section 2, RFC 4648 section 3.5): a token that " +
  "counts once must not count again under another text (J9)";
const TWICE = "two readers take different values of a name that stands twice (RFC 7515 section 4, J8)";
const EMBEDDED = "a token must not bring its key or say where it is (O9): refused, where the library " +
  "reads past it";
const TYPES = "RFC 7515 sections 4.1.4, 4.1.9 and 4.1.10: these are texts";
const CRITICAL = "we know no critical extension, that of RFC 7797 included (O12)";
const UNENCODED = "a payload that is not encoded is none of ours, with or without crit (O12)";
const NAMES = "a kid that is not the key's is another key's (O10); the library gets the key by hand here";
const BOUNDED = "sizes and depth are bounded before anything is computed (J8)";

const line = (reasons, why, rare = false) => ({ reasons: [].concat(reasons), why, rare });

export const DEPARTURES = {
  "the last part spelled otherwise": line("BAD_BASE64", SPELLING),
  "any part spelled otherwise": line("BAD_BASE64", SPELLING),
  "another letter": line("BAD_BASE64", SPELLING, true),
  "a foreign letter": line("BAD_BASE64", SPELLING, true),
  "a letter less": line("BAD_BASE64", SPELLING, true),
  "a bit of any part": line("BAD_BASE64", SPELLING, true),
  "padding of any part": line("BAD_BASE64", SPELLING),
  "padding of the last part": line("BAD_BASE64", SPELLING),
  "a blank in it": line("BAD_BASE64", SPELLING),
  "a blank behind it": line("BAD_BASE64", SPELLING),

  "alg twice": line("HEADER_DUPLICATE_NAME", TWICE),
  "a member of its own twice": line("HEADER_DUPLICATE_NAME", TWICE),
  "a member twice, deeper down": line("HEADER_DUPLICATE_NAME", TWICE),

  jwk: line("HEADER_EMBEDDED_KEY", EMBEDDED),
  jku: line("HEADER_EMBEDDED_KEY", EMBEDDED),
  x5u: line("HEADER_EMBEDDED_KEY", EMBEDDED),
  x5c: line("HEADER_EMBEDDED_KEY", EMBEDDED),

  "typ no text": line("HEADER_MALFORMED", TYPES),
  "cty no text": line("HEADER_MALFORMED", TYPES),
  "kid no text": line("HEADER_MALFORMED", TYPES),
  "kid of nobody": line("KEY_UNKNOWN", NAMES),
  "kid empty": line("KEY_UNKNOWN", NAMES),

  "crit b64 true": line("HEADER_CRITICAL", CRITICAL),
  "crit b64 false": line("HEADER_CRITICAL", CRITICAL),
  "b64 without crit": line("HEADER_UNENCODED", UNENCODED),
  zip: line("HEADER_COMPRESSED", "nothing is decompressed (J4); in a signed token zip means nothing"),
  p2c: line("PASSWORD_BASED", "members of passwords beside an algorithm without one (J5)"),

  "a byte order mark": line("HEADER_NOT_JSON", "RFC 8259 section 8.1: none in what is sent"),
  "half a letter": line("HEADER_NOT_JSON", "half of a surrogate pair is no character of UTF-8"),
  "a number beyond all": line("HEADER_NOT_JSON", "a number that no number stands for"),
  deep: line("HEADER_NOT_JSON", BOUNDED),
  "larger than we read": line("HEADER_TOO_LARGE", BOUNDED),
  "too deep for anybody": line(["TOKEN_TOO_LARGE", "HEADER_TOO_LARGE"], BOUNDED),

  "epk too wide": line("EPHEMERAL_KEY",
    "a coordinate has exactly the width of its curve (RFC 7518 section 6.2.1.2, J1)", true),
  "epk with its private part": line("EPHEMERAL_KEY", "a private key in a header is no secret (J1)", true),
};
