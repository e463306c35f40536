// The encrypted parts of a response: EncryptedAssertion and EncryptedID (decisions P4, P15).
// Decrypted, each stands in the place of its ciphertext in the one tree, where the same checks meet
// it as if it had come plain. Used by the response validator alone.
#pragma once

#include <optional>

#include "lib/xml/document.h"
#include "lib/xml/dsig.h"
#include "lib/xml/element.h"
#include "services/auth-gateway/saml/assertion_reader.h"
#include "services/auth-gateway/saml/response_validator.h"

namespace va::gateway {

// `under_signature`: the Response was signed, and its signature verified. What comes `out` is one
// Assertion and nobody has verified it (attacks S115, S120).
Verdict DecryptAssertion(xml::Document& document, const xml::Element& encrypted,
                         bool under_signature, const ExpectedResponse& expected,
                         std::optional<xml::Element>& out);

// Decrypts the EncryptedID of the Subject when there is one and we have a key; the assertion was
// verified with its ciphertext.
Verdict DecryptNameId(xml::Document& document, const xml::VerifiedElement& assertion,
                      const ExpectedResponse& expected);

}  // namespace va::gateway
