// What a message may cost before anybody has vouched for it: at most a mebibyte and forty times its
// size in memory, given back afterwards, and fifty milliseconds (attacks S62, S71, S122). Each
// message is the worst of its kind that fits into the size limit.
#include <libxml/xmlmemory.h>
#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/xml/test_encrypter.h"
#include "services/auth-gateway/saml/response_for_test.h"

namespace va::gateway {
namespace {

using namespace testing;  // NOLINT: the kit of this folder's tests

constexpr size_t kMaxSize = 256 * 1024;
constexpr size_t kLongestUnit = 2000;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kMostSeconds = 0.5;  // instrumented code says nothing about time
#else
constexpr double kMostSeconds = 0.050;
#endif

// `unit(i)` as often as it fits between the two ends, and at most so often.
std::string Fill(const std::string& begin, const std::string& end,
                 const std::function<std::string(int)>& unit, size_t max_size = kMaxSize,
                 int most = 1 << 20) {
  std::string out = begin;
  for (int i = 0; i < most && out.size() + end.size() + kLongestUnit < max_size; ++i) {
    out += unit(i);
  }
  return out + end;
}

// Below the limits of the parser, so that what comes behind it has all the work.
constexpr int kMostNodes = xml::ParseLimits().max_elements - 100;
std::string FillBelow(const std::string& begin, const std::string& end,
                      const std::function<std::string(int)>& unit, int nodes_per_unit = 1) {
  const std::string out = Fill(begin, "", unit, kMaxSize - end.size(), kMostNodes / nodes_per_unit);
  return out + std::string(kMaxSize - out.size() - end.size(), 'x') + end;
}

std::string Repeat(int times, const std::function<std::string(int)>& unit) {
  std::string out;
  for (int i = 0; i < times; ++i) out += unit(i);
  return out;
}

const std::string& Head() {
  static const auto* const head = new std::string([] {
    const std::string message = ResponseParts().Unsigned("");
    return message.substr(0, message.find("<samlp:Status>"));
  }());
  return *head;
}

// A genuine shape of signature whose transforms have something to do: the digest is computed before
// anybody knows that the signature is worth nothing.
std::string Signature() {
  static const auto* const signature = new std::string([] {
    ResponseParts parts;
    parts.sign_assertion = false;
    parts.sign_response = true;
    return Span(Render(parts), "<ds:Signature ", "</ds:Signature>");
  }());
  return *signature;
}

std::string SignedHead() { return Head() + Signature(); }

std::string Nested(int depth, const std::function<std::string(int)>& open, const std::string& inner,
                   const std::string& close) {
  return Repeat(depth, open) + inner + Repeat(depth, [&](int) { return close; });
}

struct Hostile {
  const char* name;
  std::string message;
};

std::vector<Hostile> Messages() {
  const std::string end = "</samlp:Response>";
  const auto same = [](const char* text) { return [text](int) { return std::string(text); }; };
  std::vector<Hostile> all;
  const auto add = [&](const char* name, std::string message) {
    all.push_back({name, std::move(message)});
  };
  add("elements", Fill(Head(), end, same("<a/>")));
  add("elements and text", Fill(Head(), end, same("<a/>x")));
  add("elements with text", Fill(Head(), end, same("<a>x</a>")));
  add("instructions and text", Fill(Head(), end, same("<?a?>x")));
  add("comments and text", Fill(Head(), end, same("<!---->x")));
  add("sections", Fill(Head(), end, same("<![CDATA[x]]>")));
  add("sections and comments", Fill(Head(), end, same("<![CDATA[x]]><!---->")));
  add("character references", Fill(Head(), end, same("&#65;")));
  add("one attribute each", Fill(Head(), end, same("<a b=\"\"/>")));
  const auto wide = [](int i) {
    return "<a" + Repeat(40, [&](int j) { return absl::StrCat(" a", j, "=\"\""); }) +
           absl::StrCat(" b", i, "=\"\"/>");
  };
  add("many attributes", Fill(Head(), end, wide));
  const auto distinct = [](int i) { return absl::StrCat("<n", i, "/>"); };
  add("many names", Fill(Head(), end, distinct));
  const auto declaring = [](int i) {
    return "<a" + Repeat(40, [&](int j) { return absl::StrCat(" xmlns:p", j, "=\"u:", i, "\""); }) +
           "/>";
  };
  add("many declarations", Fill(Head(), end, declaring));
  add("many signed declarations", Fill(SignedHead(), end, declaring));
  const auto used = [](int i) {
    return "<a" +
           Repeat(20,
                  [&](int j) {
                    return absl::StrCat(" xmlns:p", j, "=\"u:", i, ".", j, "\" p", j, ":b=\"\"");
                  }) +
           "/>";
  };
  add("many signed used declarations", Fill(SignedHead(), end, used));
  for (const int width : {10, 25, 31}) {
    const auto deep_used = [width](int i) {
      return "<a" +
             Repeat(width,
                    [&](int j) {
                      return absl::StrCat(" xmlns:p", i, "x", j, "=\"u:", i, ".", j, "\" p", i, "x",
                                          j, ":b=\"\"");
                    }) +
             ">";
    };
    std::string open = SignedHead() + Repeat(55, deep_used);
    std::string close = Repeat(55, same("</a>"));
    add("deep declarations, all in use", Fill(open, close + end, same("<p0x0:c/>")));
    add("deep declarations, attributes", Fill(open, close + end, same("<c p0x0:d=\"\"/>")));
  }
  const auto scope = [&](const std::string& head, const std::string& unit, int width) {
    // Sixty declarations over forty levels, a few attributes of each in the deepest elements.
    const std::string open =
        Repeat(40,
               [](int i) {
                 return absl::StrCat("<a xmlns:p", i, "=\"u:", i, "\" p", i, ":b=\"\">");
               }) +
        "<a" +
        Repeat(
            20,
            [](int i) { return absl::StrCat(" xmlns:q", i, "=\"v:", i, "\" q", i, ":b=\"\""); }) +
        ">";
    return FillBelow(head + open, Repeat(41, same("</a>")) + end, same(unit.c_str()), width);
  };
  add("names in a full scope", scope(SignedHead(), "<p0:c/>x", 1));
  add("attributes in a full scope", scope(SignedHead(), "<p0:c p0:d=\"\"/>", 1));
  const auto all_of_scope = absl::StrCat(
      "<p0:c", Repeat(40, [](int i) { return absl::StrCat(" p", i, ":d=\"\""); }), "/>");
  add("elements that use a full scope", scope(SignedHead(), all_of_scope, 40));
  add("elements below the limit", FillBelow(SignedHead(), end, same("<a/>x")));
  add("attributes below the limit", FillBelow(SignedHead(), end, same("<a b=\"\">x</a>x")));
  add("comments below the limit", FillBelow(SignedHead(), end, same("<!---->x")));
  add("ids below the limit",
      FillBelow(Head(), end, [](int i) { return absl::StrCat("<a ID=\"i", i, "\"/>"); }));
  add("names below the limit", FillBelow(SignedHead(), end, [](int i) {
        return absl::StrCat("<n", i, " m", i, "=\"\"/>");
      }));
  add("chains below the limit",
      FillBelow(
          SignedHead(), end, [&](int) { return Nested(58, same("<d>"), "x", "</d>"); }, 58));
  add("deep", Fill(Head(), end, [&](int) { return Nested(60, same("<d>"), "x", "</d>"); }));
  add("deeper than allowed", Fill(Head(), "", same("<d>")));
  add("long name", Fill(Head() + "<", "/>" + end, same("n")));
  add("long attribute", Fill(Head() + "<a b=\"", "\"/>" + end, same("n")));
  add("long text", Fill(Head() + "<a>", "</a>" + end, same("n")));
  add("signed long text", Fill(SignedHead() + "<a>", "</a>" + end, same("&amp;")));
  add("text to be escaped", Fill(SignedHead() + "<a>", "</a>" + end, same("&#13;")));
  const std::string c14n =
      "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
  const std::string transform =
      "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
  const auto listed = [&](const std::string& prefixes) {
    return Head() +
           Replaced(Signature(), transform,
                    Replaced(transform, "/>",
                             "><InclusiveNamespaces "
                             "xmlns=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"" +
                                 prefixes + "\"/></ds:Transform>"));
  };
  add("a long prefix list",
      Fill(listed(Repeat(20000, [](int i) { return absl::StrCat("p", i, " "); })), end,
           same("<a/>")));
  const auto short_list = Repeat(60, [](int i) { return absl::StrCat("p", i, " "); });
  add("a prefix list as long as allowed", Fill(listed(short_list), end, same("<a/>")));
  add("a prefix list in a full scope", scope(listed(short_list), "<p0:c p1:d=\"\"/>", 1));
  add("a prefix list and declarations", Fill(listed(short_list), end, declaring));
  const std::string reference = Span(Signature(), "<ds:Reference ", "</ds:Reference>");
  add("many references",
      Head() +
          Replaced(Signature(), reference,
                   Fill(
                       "", "", [&](int) { return reference; }, kMaxSize - 4096)) +
          end);
  add("many transforms",
      Head() +
          Replaced(Signature(), transform,
                   Fill(
                       "", "", [&](int) { return transform; }, kMaxSize - 4096)) +
          end);
  add("many signatures", Fill(Head(), end, [&](int) { return Signature(); }));
  const std::string value = Span(Signature(), "<ds:SignatureValue>", "</ds:SignatureValue>");
  add("a huge signature value",
      Head() +
          Replaced(
              Signature(), value,
              "<ds:SignatureValue>" + std::string(kMaxSize - 4096, 'A') + "</ds:SignatureValue>") +
          end);
  add("many ids", Fill(Head(), end, [](int i) { return absl::StrCat("<a ID=\"i", i, "\"/>"); }));
  add("entities",
      "<!DOCTYPE r [" +
          Fill(
              "", "",
              [](int i) { return absl::StrCat("<!ENTITY e", i + 1, " \"&e", i, ";&e", i, ";\">"); },
              kMaxSize / 2) +
          "]><r>&e99;</r>");
  const auto encrypted = [&](const std::string& content) {
    return ResponseParts().Unsigned("<saml:EncryptedAssertion>" + content +
                                    "</saml:EncryptedAssertion>");
  };
  xml::testing::Encrypter how;
  how.place = xml::testing::KeyPlace::kBeside;
  how.session_key = std::string(32, 'k');
  const std::string key = xml::testing::EncryptedKeyElement(how, how.session_key);
  add("many keys",
      encrypted(Fill(
          xml::testing::Encrypted("<x/>", how), "", [&](int) { return key; }, kMaxSize - 4096)));
  xml::testing::Encrypter foreign = how;
  foreign.recipient = &AttackerKey();
  const std::string other = xml::testing::EncryptedKeyElement(foreign, how.session_key);
  const auto hidden = [&](const std::string& plain) {
    return encrypted(Repeat(3, [&](int) { return other; }) + xml::testing::Encrypted(plain, how));
  };
  constexpr size_t kMostHidden = 180 * 1024;
  add("huge ciphertext", hidden(std::string(kMostHidden, 'x')));
  add("hidden elements",
      hidden(Fill("<saml:Assertion>", "</saml:Assertion>", same("<a/>x"), kMostHidden)));
  add("hidden elements below the limit",
      hidden(Fill("<saml:Assertion>", "</saml:Assertion>", same("<a b=\"\">x</a>x"), kMostHidden,
                  kMostNodes)));
  add("hidden attributes",
      hidden(Fill("<saml:Assertion>", "</saml:Assertion>", wide, kMostHidden)));
  add("hidden declarations",
      hidden(Fill("<saml:Assertion>", "</saml:Assertion>", declaring, kMostHidden)));
  add("hidden text", hidden(Fill("<saml:Assertion>", "</saml:Assertion>", same("x"), kMostHidden)));
  return all;
}

ExpectedResponse Ours() {
  ExpectedResponse expected = Expected();
  expected.decryption_keys = absl::MakeConstSpan(&xml::testing::SpKey(), 1);
  expected.want = SignatureWanted::kEncrypted;
  return expected;
}

// ---- Memory in use ------------------------------------------------------------------------------

// What this program and libxml2 asked for since the count began; xmlsec1 asks through libxml2, and
// what OpenSSL asks for is small.
struct Count {
  bool on = false;
  ptrdiff_t now = 0;
  ptrdiff_t most = 0;
};
Count g_count;

void* Counted(void* block) {
  if (g_count.on && block != nullptr) {
    g_count.now += static_cast<ptrdiff_t>(malloc_usable_size(block));
    g_count.most = std::max(g_count.most, g_count.now);
  }
  return block;
}

void* Discounted(void* block) {
  if (g_count.on && block != nullptr) {
    g_count.now -= static_cast<ptrdiff_t>(malloc_usable_size(block));
  }
  return block;
}

void CountedFree(void* block) { std::free(Discounted(block)); }
void* CountedMalloc(size_t size) { return Counted(std::malloc(size)); }
void* CountedRealloc(void* block, size_t size) {
  return Counted(std::realloc(Discounted(block), size));
}
char* CountedStrdup(const char* text) { return static_cast<char*>(Counted(strdup(text))); }

struct Cost {
  ptrdiff_t memory = 0;
  ptrdiff_t kept = 0;
  double seconds = 0;
  std::string outcome;
};

double CpuSeconds() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Cost CostOf(const std::string& form_value) {
  g_count = Count{.on = true};
  const double begin = CpuSeconds();
  Cost cost;
  {
    const auto verified = ValidateResponse(form_value, Ours());
    cost.seconds = CpuSeconds() - begin;
    g_count.on = false;
    cost.outcome = verified.ok() ? "ACCEPTED" : base::ReasonOf(verified.status());
    g_count.on = true;
  }
  g_count.on = false;
  cost.memory = g_count.most;
  cost.kept = g_count.now;
  return cost;
}

}  // namespace

TEST_CASE("ValidateResponse: S62 S71 S122 no message costs more than its bound",
          "[gateway][saml]") {
  xml::InitXml();
  REQUIRE(xmlMemSetup(CountedFree, CountedMalloc, CountedRealloc, CountedStrdup) == 0);
  for (const Hostile& hostile : Messages()) {
    const size_t size = hostile.message.size();
    CAPTURE(hostile.name, size);
    CHECK(size <= kMaxSize);
    const std::string form_value = base::Base64Encode(hostile.message);
    CostOf(form_value);  // what is made once and stays
    const Cost cost = CostOf(form_value);
    CAPTURE(cost.memory, cost.kept, cost.seconds, cost.outcome);
    CHECK(cost.outcome != "ACCEPTED");
    CHECK(cost.memory <= static_cast<ptrdiff_t>(1024 * 1024 + 40 * size));
    CHECK(cost.kept <= 1024);
    CHECK(cost.seconds < kMostSeconds);
  }
}

}  // namespace va::gateway

// The program's own allocations are counted like those of libxml2.
void* operator new(size_t size) {
  void* block = va::gateway::CountedMalloc(size);
  if (block == nullptr) std::abort();
  return block;
}
void operator delete(void* block) noexcept { va::gateway::CountedFree(block); }
void operator delete(void* block, size_t) noexcept { va::gateway::CountedFree(block); }
