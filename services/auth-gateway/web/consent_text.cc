#include "services/auth-gateway/web/consent_text.h"

#include "absl/strings/str_cat.h"
#include "lib/base/encoding.h"
#include "lib/crypto/hash.h"

namespace va::gateway {

const ConsentText& CurrentConsentText() {
  static const auto* const kText = new ConsentText{
      .version = "2026-11",
      .locale = "en",
      .title = "Share your identity proofing with Login.gov",
      .lead =
          "You proved your identity to VA in person. If you agree, VA passes that proof on to "
          "Login.gov, so that you do not have to prove your identity there again.",
      .sections =
          {{"Why we ask",
            {"Login.gov needs proof of your identity before it can give you a verified account. VA "
             "sends what it knows for this purpose alone, and only after you have agreed."}},
           {"What is sent to Login.gov",
            {"Your name, address, phone number, birth date and Social Security number.",
             "How and when VA checked your identity, and the kind of document you showed, its "
             "country and the day it expires. Its number and pictures of it are not sent."}},
           {"Your Social Security number",
            {"It tells you apart from other people with the same name. You do not have to share "
             "it, but without it this transfer is not possible."}},
           {"This is voluntary",
            {"You can say no. Your VA sign-in, your My HealtheVet account and your benefits stay "
             "as they are, and you can still prove your identity to Login.gov in another way."}},
           {"What is kept, and for how long",
            {"We keep your answer, with the day and these words, as proof of what you agreed to.",
             "A transfer uses a one-time code that ends after 90 minutes. What VA prepared for it "
             "is deleted after 24 hours at the latest.",
             "What Login.gov received is kept under the privacy rules of Login.gov."}},
           {"If something is wrong",
            {"Call the help desk on this page if your information is wrong or was used without "
             "your agreement. You can ask VA what was sent, when and to whom, and have mistakes "
             "corrected."}}},
  };
  return *kText;
}

std::string PlainText(const ConsentText& text) {
  std::string plain = absl::StrCat(text.title, "\n", text.lead, "\n");
  for (const ConsentSection& section : text.sections) {
    absl::StrAppend(&plain, section.heading, "\n");
    for (const std::string& paragraph : section.paragraphs) {
      absl::StrAppend(&plain, paragraph, "\n");
    }
  }
  return plain;
}

std::string Sha256OfText(const ConsentText& text) {
  return base::HexEncode(crypto::Sha256(PlainText(text)));
}

}  // namespace va::gateway
