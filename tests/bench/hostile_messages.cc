#include "tests/bench/hostile_messages.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "lib/base/encoding.h"

namespace va::bench {
namespace {

// A little below the limit of the XML, so that the content and not the size decides.
constexpr size_t kRoom = 255 * 1024;

constexpr absl::string_view kOpen =
    "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" "
    "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" "
    "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" ID=\"_r\" Version=\"2.0\">";
constexpr absl::string_view kClose = "</samlp:Response>";

// `piece` as often as there is room; a '#' in it becomes a running number.
std::string Filled(absl::string_view piece, size_t room) {
  std::string out;
  for (int number = 0; out.size() + piece.size() + 8 < room; ++number) {
    absl::StrAppend(&out, absl::StrReplaceAll(piece, {{"#", absl::StrCat(number)}}));
  }
  return out;
}

std::string InResponse(absl::string_view content) { return absl::StrCat(kOpen, content, kClose); }

std::string Nested(absl::string_view name, size_t room) {
  const std::string open = absl::StrCat("<", name, ">");
  const std::string close = absl::StrCat("</", name, ">");
  std::string out;
  size_t depth = 0;
  for (; out.size() < room / 2; ++depth) out += open;
  for (; depth > 0; --depth) out += close;
  return out;
}

std::string Laughs() {
  std::string out = "<!DOCTYPE l [<!ENTITY a0 \"ha\">";
  for (int i = 1; i < 30; ++i) {
    absl::StrAppend(&out, "<!ENTITY a", i, " \"&a", i - 1, ";&a", i - 1, ";\">");
  }
  return absl::StrCat(out, "]><l>&a29;</l>");
}

// The genuine message with something large where a signature says how it was made.
std::string WithTransforms(absl::string_view genuine, absl::string_view piece) {
  constexpr absl::string_view kEnd = "</ds:Transforms>";
  return absl::StrReplaceAll(genuine,
                             {{kEnd, absl::StrCat(Filled(piece, kRoom - genuine.size()), kEnd)}});
}

std::string WithPrefixes(absl::string_view genuine) {
  constexpr absl::string_view kC14n =
      "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
  return absl::StrReplaceAll(
      genuine, {{kC14n, absl::StrCat("<ds:CanonicalizationMethod "
                                     "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">"
                                     "<ec:InclusiveNamespaces "
                                     "xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" "
                                     "PrefixList=\"",
                                     Filled("p# ", kRoom - genuine.size() - 512),
                                     "\"/></ds:CanonicalizationMethod>")}});
}

// Many namespaces in scope while a signed subtree is canonicalized.
std::string WithNamespaces(absl::string_view genuine) {
  constexpr absl::string_view kRoot = "<samlp:Response ";
  return absl::StrReplaceAll(
      genuine,
      {{kRoot, absl::StrCat(kRoot, Filled("xmlns:n#=\"urn:n\" ", kRoom - genuine.size()))}});
}

}  // namespace

std::vector<HostileMessage> HostileMessages(absl::string_view genuine) {
  const std::vector<std::pair<std::string, std::string>> messages = {
      {"text", InResponse(std::string(kRoom - 1024, 'x'))},
      {"empty elements", InResponse(Filled("<a/>", kRoom - 512))},
      {"elements of many names", InResponse(Filled("<e#/>", kRoom - 512))},
      {"elements with an id", InResponse(Filled("<a ID=\"_#\"/>", kRoom - 512))},
      {"elements and text", InResponse(Filled("<a>x</a>y", kRoom - 512))},
      {"comments", InResponse(Filled("<!---->", kRoom - 512))},
      {"instructions", InResponse(Filled("<?a?>", kRoom - 512))},
      {"references of characters", InResponse(Filled("&#38;", kRoom - 512))},
      {"depth", InResponse(Nested("a", kRoom - 512))},
      {"attributes", InResponse(absl::StrCat("<a ", Filled("b#=\"\" ", kRoom - 512), "/>"))},
      {"namespaces", InResponse(absl::StrCat("<a ", Filled("xmlns:b#=\"c\" ", kRoom - 512), "/>"))},
      {"namespaces one by one", InResponse(Filled("<a xmlns=\"u#\"/>", kRoom - 512))},
      {"a long name", InResponse(absl::StrCat("<", std::string(kRoom - 512, 'n'), "/>"))},
      {"a long value", InResponse(absl::StrCat("<a b=\"", std::string(kRoom - 512, 'v'), "\"/>"))},
      {"assertions", InResponse(Filled("<saml:Assertion/>", kRoom - 512))},
      {"encrypted assertions", InResponse(Filled("<saml:EncryptedAssertion/>", kRoom - 512))},
      {"encrypted keys",
       InResponse(
           absl::StrCat("<saml:EncryptedAssertion xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\">",
                        Filled("<x:EncryptedKey><x:CipherData><x:CipherValue>AA==</x:CipherValue>"
                               "</x:CipherData></x:EncryptedKey>",
                               kRoom - 1024),
                        "</saml:EncryptedAssertion>"))},
      {"signatures", InResponse(Filled("<ds:Signature/>", kRoom - 512))},
      {"references", InResponse(absl::StrCat("<ds:Signature><ds:SignedInfo>",
                                             Filled("<ds:Reference URI=\"#_r\"/>", kRoom - 1024),
                                             "</ds:SignedInfo></ds:Signature>"))},
      {"laughs", Laughs()},
      {"transforms",
       WithTransforms(genuine,
                      "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>")},
      {"prefixes", WithPrefixes(genuine)},
      {"namespaces in scope", WithNamespaces(genuine)},
      {"a genuine one, not for us", std::string(genuine)},
      {"larger than the limit", InResponse(std::string(300 * 1024, 'x'))},
      {"no XML", std::string(kRoom, '\x01')},
  };
  std::vector<HostileMessage> out;
  for (const auto& [name, xml] : messages) out.push_back({name, base::Base64Encode(xml)});
  out.push_back({"no base64", std::string(2 * kRoom, '!')});
  out.push_back({"white space", std::string(2 * kRoom, ' ')});
  return out;
}

}  // namespace va::bench
