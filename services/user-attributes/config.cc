#include "services/user-attributes/config.h"

namespace va::attributes {
namespace {

// Every part is stored with each answer and sent on, so none may say nothing; a line is enough.
std::string WrongDocument(const TermsDocument& terms) {
  constexpr std::size_t kLongest = 128;
  for (const std::string* const part :
       {&terms.name, &terms.revision, &terms.legal_version, &terms.title}) {
    if (part->empty() || part->size() > kLongest) {
      return "document, revision, legal_version and title are 1 to 128 bytes each";
    }
  }
  return "";
}

void BindTerms(config::Table& table, TermsDocument& terms) {
  table.String("terms.document", &terms.name, "Name of the terms of use that people are asked for")
      .Default("va_terms_of_use");
  table.String("terms.revision", &terms.revision, "Its revision in force; a new one is asked again")
      .Default("3");
  table.String("terms.legal_version", &terms.legal_version, "Legal version of that revision")
      .Default("1.0");
  table.String("terms.title", &terms.title, "Title of that revision")
      .Default("VA Enterprise Terms of Use");
  table.Rule("terms", [&terms] { return WrongDocument(terms); });
}

}  // namespace

void Bind(config::Table& table, Config& config) {
  table
      .FilePath("policy.file", &config.policy_file,
                "The sign-in policy, the same file the gateway reads (decision E5)")
      .Required()
      .Example("/etc/va/policy/policy.yaml")
      .Live();
  table
      .SecretFile("keys.sealed_box_file", &config.sealed_box_file,
                  "Key ring that seals personal columns")
      .Required()
      .Example("/etc/va/keys/sealed-box.keys")
      .Live();
  table
      .SecretFile("keys.lookup_file", &config.lookup_file,
                  "Key ring of the keyed hashes that credentials and ICNs are looked up by")
      .Required()
      .Example("/etc/va/keys/lookup.keys")
      .Live();
  table
      .SecretFile(
          "decision.signing_ring_file", &config.signing_ring_file,
          "Ring of the private keys, EC P-256, of decision tokens (decision E6): the current "
          "one signs")
      .Required()
      .Example("/etc/va/keys/decision.ring")
      .Live();
  table
      .SecretFile("decision.icn_keys_file", &config.icn_keys_file,
                  "Key ring of the ICN's keyed hash in decision tokens, shared with the services "
                  "that check them and used for nothing else")
      .Required()
      .Example("/etc/va/keys/decision-icn.keys")
      .Live();
  BindTerms(table, config.terms);
  BindVaProfile(table, config.va_profile);
}

}  // namespace va::attributes
