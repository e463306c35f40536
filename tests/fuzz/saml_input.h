// An input of the targets that judge SAML messages, and what a provider with a key makes of it. The
// signature would keep a fuzzer out of everything behind it; so here it has the key: the input says
// what is signed, and what somebody does to the message afterwards.
//
// An input is options up to the first '<' and XML from there. Option 0 is the mode:
//   s  the XML is signed as a provider would, then edited
//   e  the same with its assertion encrypted to us
//   f  what follows is the form field itself
//   else: the XML as it is, which no key has ever seen
// Option 1: bit 0 the assertion is signed, bit 1 the response, bit 2 by a key of a stranger, who
// puts his certificate beside it. Option 2: which signatures we want. Option 3: bit 0 unsolicited,
// bit 1 an RSA key, bit 2 the context exactly, bit 3 authenticated anew, bit 4 the algorithms of
// the operator's tool, bit 5 the NameID is encrypted and then signed. Option 4: how things are
// encrypted. From option 8 on: edits after signing, four bytes each; in mode e those with bit 7 of
// their first byte are made before it is encrypted, which anybody can do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/crypto/keys.h"
#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "services/auth-gateway/saml/response_validator.h"
#include "tests/fuzz/markup.h"

namespace va::fuzz {

inline constexpr char kIdp[] = "https://idp.test/saml";
inline constexpr char kSp[] = "https://sp.test/saml";
inline constexpr char kAcs[] = "https://sp.test/v1/sessions/callback";
inline constexpr char kSlo[] = "https://sp.test/v1/sessions/saml_logout";
inline constexpr char kRequest[] = "_request-1";
// 2026-03-04T12:00:00Z, the moment of every message in the corpora.
inline absl::Time Now() { return absl::FromUnixSeconds(1772625600); }

// Keys of this process: no corpus can hold a message that they signed.
const crypto::PrivateKey& EcKey();
const crypto::PrivateKey& RsaKey();
const crypto::PrivateKey& StrangerKey();

struct SamlInput {
  absl::string_view options;
  absl::string_view xml;

  static SamlInput Of(absl::string_view input);
  // 0 where there is none.
  uint8_t Option(size_t index) const;
  bool Bit(size_t index, int bit) const { return ((Option(index) >> bit) & 1) != 0; }
  char Mode() const { return static_cast<char>(Option(0)); }
  std::vector<Edit> Edits() const;
  bool IsOfStranger() const { return Bit(1, 2); }
  const crypto::PrivateKey& Key() const;
};

// The XML signed as a provider would: its assertion, its root, or both in this order, and what of
// it could be signed. Nothing when nothing could: then no word of it is anybody's.
struct Signing {
  bool assertion = false;
  bool root = false;
};
struct SignedText {
  std::string xml;
  Signing done;
};
bool Sign(xml::Document& document, const xml::Element& element, const crypto::PrivateKey& key,
          xml::SignOptions options = {});
std::optional<SignedText> SignedXml(absl::string_view xml, const Signing& what,
                                    const crypto::PrivateKey& key);

// The text with its first element of this name encrypted to us, `holder` around it, as the option
// says; as it was when there is no such element.
std::string WithEncrypted(const std::string& text, absl::string_view name, absl::string_view holder,
                          uint8_t option);
// Whether the option is a way that the gateway takes, with and without a signature around it.
bool MayBeEncryptedSo(uint8_t option, bool under_signature);
const crypto::PrivateKey& OurDecryptionKey();

// What arrives, and what of it a provider has vouched for.
struct Posted {
  std::string form_value;
  std::string xml;                     // behind its base64, where that is known
  std::optional<std::string> vouched;  // the message as it was signed, not yet edited
  Signing done;                        // what the provider really signed
  std::string sent;                    // what left the provider, not yet edited
};
Posted PostedOf(const SamlInput& input);

// What a response must fit, as the input says.
struct Expectation {
  explicit Expectation(const SamlInput& input);
  std::vector<crypto::PublicKey> keys;
  gateway::ExpectedResponse expected;
};

}  // namespace va::fuzz
