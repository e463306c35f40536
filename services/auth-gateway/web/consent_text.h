// What a person consents to when their proofing is handed on, word for word, in one place. The
// record of a consent names the version and the SHA-256 of these words, so that it can be shown
// later what was agreed to: changed words need a new version, here and in inherited-proofing's
// setting consent.text_version.
#pragma once

#include <string>
#include <vector>

namespace va::gateway {

struct ConsentSection {
  std::string heading;
  std::vector<std::string> paragraphs;
};

struct ConsentText {
  std::string version;
  std::string locale;  // BCP 47
  std::string title;
  std::string lead;
  std::vector<ConsentSection> sections;
};

// The text that is shown now, with the notices of SP 800-63A-4 3.3.2: purpose, voluntary or not,
// what is kept, for how long, redress, and the use of the SSN.
const ConsentText& CurrentConsentText();

// The words in reading order, one line each: what the hash is taken of.
std::string PlainText(const ConsentText& text);

// Lower-case hex.
std::string Sha256OfText(const ConsentText& text);

}  // namespace va::gateway
