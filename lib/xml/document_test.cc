#include "lib/xml/document.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/base/status.h"
#include "lib/xml/builder.h"

namespace va::xml {
namespace {

std::string ReasonFor(absl::string_view bytes, const ParseLimits& limits = ParseLimits()) {
  const absl::StatusOr<Document> document = Document::Parse(bytes, limits);
  return document.ok() ? "accepted" : base::ReasonOf(document.status());
}

std::string Repeat(absl::string_view text, size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i) out.append(text.data(), text.size());
  return out;
}

Document Parsed(absl::string_view bytes) {
  absl::StatusOr<Document> document = Document::Parse(bytes);
  REQUIRE(document.ok());
  return *std::move(document);
}

}  // namespace

TEST_CASE("Document: reads names, attributes and text by namespace", "[xml]") {
  const Document document = Parsed(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?><p:a xmlns:p=\"urn:p\" x=\"1\" p:x=\"2\">"
      "<p:b>one</p:b><b xmlns=\"urn:q\">two</b><p:b>three</p:b></p:a>");
  const Element root = document.root();
  CHECK(root.Is("urn:p", "a"));
  CHECK_FALSE(root.Is("", "a"));
  CHECK(root.Attr("x") == std::optional<std::string>("1"));
  CHECK(root.AttrNs("urn:p", "x") == std::optional<std::string>("2"));
  CHECK_FALSE(root.Attr("y").has_value());
  CHECK(root.Children().size() == 3);
  CHECK(root.ChildrenNamed("urn:p", "b").size() == 2);
  CHECK(root.Child("urn:p", "b")->Text() == "one");
  CHECK(root.OnlyChild("urn:q", "b")->Text() == "two");
  CHECK_FALSE(root.OnlyChild("urn:p", "b").has_value());
  CHECK(*root.Child("urn:q", "b")->Parent() == root);
  CHECK_FALSE(root.Parent().has_value());
}

TEST_CASE("Document: S69 comments, CDATA and references never cut text off", "[xml]") {
  const Document document = Parsed(
      "<a><b>user@good.example<!-- x -->.evil.example</b><c>ab<![CDATA[cd]]>e&#102;&amp;</c>"
      "<d>a<?pi x?>b</d><e>a<f/>b</e><g/></a>");
  const auto child = [&](const char* name) { return *document.root().Child("", name); };
  CHECK(child("b").Text() == "user@good.example.evil.example");
  CHECK(base::ReasonOf(child("b").TextOnly().status()) == "NOT_TEXT_ONLY");
  CHECK(child("c").TextOnly().value() == "abcdef&");
  CHECK(child("d").Text() == "ab");
  CHECK(base::ReasonOf(child("d").TextOnly().status()) == "NOT_TEXT_ONLY");
  CHECK(base::ReasonOf(child("e").TextOnly().status()) == "NOT_TEXT_ONLY");
  CHECK(child("g").TextOnly().value().empty());
}

TEST_CASE("Document: S60 S61 S62 S63 S64 S65 S74 a DOCTYPE of any kind is refused", "[xml]") {
  const char* const kRows[] = {
      "<!DOCTYPE a><a/>",
      "<!DOCTYPE a []><a/>",
      "<?xml version=\"1.0\"?>\n<!-- x --><!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
      "<!DOCTYPE a PUBLIC \"-//x//y\" \"http://192.0.2.1/x.dtd\"><a/>",
      "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
      "<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://192.0.2.1/p\"> %p;]><a/>",
      "<!DOCTYPE a [<!ENTITY l \"ha\"><!ENTITY m \"&l;&l;&l;&l;&l;&l;\">]><a>&m;</a>",
      "<!DOCTYPE a [<!ATTLIST a ID CDATA \"_1\">]><a/>",
      "<!DOCTYPE a [<!ENTITY id \"_1\">]><a ID=\"&id;\"/>",
      "<!DOCTYPE \"<!--\" [<!ENTITY x \"-->\">]><a/>",
      "<!doctype a><a/>",
      "<a><!DOCTYPE a></a>",
      "<a/><!DOCTYPE a>",
  };
  for (const char* const row : kRows) {
    CAPTURE(row);
    CHECK(ReasonFor(row) == "XML_DOCTYPE");
  }
}

TEST_CASE("Document: S60 markup that only looks like a DOCTYPE is text", "[xml]") {
  CHECK(ReasonFor("<a><!-- <!DOCTYPE a> --><![CDATA[<!DOCTYPE a>]]></a>") == "accepted");
  CHECK(ReasonFor("<a b='<!DOCTYPE a>'/>") == "XML_NOT_WELL_FORMED");
  CHECK(ReasonFor("<a b='x>&lt;!DOCTYPE a>'/>") == "accepted");
}

TEST_CASE("Document: S70 only well-formed UTF-8 is read", "[xml]") {
  using namespace std::string_literals;
  CHECK(ReasonFor("\xef\xbb\xbf<a>\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80</a>") == "accepted");
  const std::string kNotUtf8[] = {
      "\xfe\xff\0<\0a\0/\0>"s,
      "\xff\xfe<\0a\0/\0>\0"s,
      "\0<\0a\0/\0>"s,
      "\x4c\x6f\xa7\x94"s,  // EBCDIC
      "<a>\0</a>"s,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>\xe9t\xe9</a>"s,
      "<a>\xc0\xbc</a>"s,          // overlong '<'
      "<a>\xe0\x80\xaf</a>"s,      // overlong '/'
      "<a>\xed\xa0\x80</a>"s,      // surrogate
      "<a>\xf4\x90\x80\x80</a>"s,  // above U+10FFFF
      "<a>\xf8\x88\x80\x80\x80</a>"s,
      "<a>\xc3"s,
  };
  for (const std::string& row : kNotUtf8) {
    CAPTURE(row);
    CHECK(ReasonFor(row) == "XML_NOT_UTF8");
  }
  CHECK(ReasonFor("<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>") == "XML_DECLARATION");
  CHECK(ReasonFor("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>") == "XML_DECLARATION");
  CHECK(ReasonFor("<?xml version='1.0' encoding='iso-8859-1'?><a/>") == "XML_DECLARATION");
  CHECK(ReasonFor("<?xml version=\"1.1\"?><a/>") == "XML_DECLARATION");
  CHECK(ReasonFor("<?xml encoding=\"UTF-8\"?><a/>") == "XML_DECLARATION");
  CHECK(ReasonFor("<a>\xef\xbf\xbe</a>") == "XML_NOT_WELL_FORMED");  // U+FFFE
  CHECK(ReasonFor("<a>\x01</a>") == "XML_NOT_WELL_FORMED");
  CHECK(ReasonFor("<a>&#0;</a>") == "XML_NOT_WELL_FORMED");
}

TEST_CASE("Document: S32 S68 what is not one well-formed element is refused", "[xml]") {
  CHECK(ReasonFor("") == "XML_EMPTY");
  for (const char* const row :
       {" ", "x", "<a>", "<a></b>", "<a/><b/>", "<a/>junk", "<a/>&amp;", "<a x='1' x='2'/>",
        "<a x=1/>", "<a>&undefined;</a>", "<a>]]></a>", "<a", "<a b='", "<!-- x", "<![CDATA[x]]>",
        "<a>< b/></a>", "<a xmlns:p='urn:p' xmlns:q='urn:p' p:x='1' q:x='2'/>"}) {
    CAPTURE(row);
    const std::string reason = ReasonFor(row);
    CHECK((reason == "XML_NOT_WELL_FORMED" || reason == "XML_NAMESPACE"));
  }
  CHECK(ReasonFor("<a/><!-- after -->\n") == "accepted");
  CHECK(ReasonFor("<p:a/>") == "XML_NAMESPACE");
  CHECK(ReasonFor("<a p:x='1'/>") == "XML_NAMESPACE");
  CHECK(ReasonFor("<:a/>") != "accepted");
  CHECK(ReasonFor("<a:/>") != "accepted");
  CHECK(ReasonFor("<a:b:c xmlns:a='urn:a'/>") != "accepted");
  CHECK(ReasonFor("<a xmlns:p=''/>") != "accepted");
}

TEST_CASE("Document: S26 S66 a relative namespace name is refused", "[xml]") {
  CHECK(ReasonFor("<a xmlns:z='rel'/>") == "XML_NAMESPACE");
  CHECK(ReasonFor("<a xmlns='../x'/>") == "XML_NAMESPACE");
  CHECK(ReasonFor("<a xmlns='//host/x'/>") == "XML_NAMESPACE");
  CHECK(ReasonFor("<a><b xmlns=''/></a>") == "accepted");
}

TEST_CASE("Document: S71 size, depth and counts are bounded", "[xml]") {
  const auto nested = [](size_t depth) { return Repeat("<a>", depth) + Repeat("</a>", depth); };
  CHECK(ReasonFor(nested(64)) == "accepted");
  CHECK(ReasonFor(nested(65)) == "XML_TOO_DEEP");
  CHECK(ReasonFor(nested(30000)) == "XML_TOO_DEEP");

  const std::string frame = "<a></a>";
  const auto sized = [&](size_t size) {
    return "<a>" + std::string(size - frame.size(), 'x') + "</a>";
  };
  CHECK(ReasonFor(sized(256 * 1024)) == "accepted");
  CHECK(ReasonFor(sized(256 * 1024 + 1)) == "XML_TOO_LARGE");

  const auto with_attributes = [](int count) {
    std::string out = "<a";
    for (int i = 0; i < count; ++i) out += " a" + std::to_string(i) + "='>'";
    return out + "/>";
  };
  CHECK(ReasonFor(with_attributes(64)) == "accepted");
  CHECK(ReasonFor(with_attributes(65)) == "XML_TOO_MANY_NODES");
  CHECK(ReasonFor(with_attributes(20000)) == "XML_TOO_MANY_NODES");
  // Refused by the gate: the parser would read to the end first, comparing each with each.
  CHECK(ReasonFor(with_attributes(65).substr(0, 512)) == "XML_TOO_MANY_NODES");
  CHECK(ReasonFor(with_attributes(64).substr(0, 504)) == "XML_NOT_WELL_FORMED");

  ParseLimits limits;
  limits.max_elements = 3;
  CHECK(ReasonFor("<a><b/><b/></a>", limits) == "accepted");
  CHECK(ReasonFor("<a><b/><b/><b/></a>", limits) == "XML_TOO_MANY_NODES");
  CHECK(ReasonFor("<a><b/><!-- x --><?y?></a>", limits) == "XML_TOO_MANY_NODES");
  CHECK(ReasonFor("<a><!-- x --><?y?></a>", limits) == "accepted");
  limits.max_namespaces_in_scope = 2;
  CHECK(ReasonFor("<a xmlns:p='urn:p'><b xmlns:q='urn:q'/><b xmlns:r='urn:r'/></a>", limits) ==
        "accepted");
  CHECK(ReasonFor("<a xmlns:p='urn:p'><b xmlns:q='urn:q' xmlns:r='urn:r'/></a>", limits) ==
        "XML_TOO_MANY_NODES");
  limits.max_attributes = 2;
  CHECK(ReasonFor("<a x='1'><b x='1'/></a>", limits) == "accepted");
  CHECK(ReasonFor("<a x='1' xmlns:p='urn:p'><b x='1'/></a>", limits) == "XML_TOO_MANY_NODES");
}

TEST_CASE("Document: S73 XInclude and schema hints are inert", "[xml]") {
  const Document document = Parsed(
      "<a xmlns:xi='http://www.w3.org/2001/XInclude' "
      "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' "
      "xsi:schemaLocation='urn:x file:///etc/passwd' xml:base='file:///etc/'>"
      "<xi:include href='passwd' parse='text'/></a>");
  CHECK(document.root().Children().size() == 1);
  CHECK(document.root().Text().empty());
}

TEST_CASE("CheckIds: S21 one value is not two IDs, whatever the attribute is called", "[xml]") {
  const auto reason = [](absl::string_view bytes) {
    return base::ReasonOf(CheckIds(Parsed(bytes)));
  };
  CHECK(reason("<a ID='_1'><b ID='_2'/></a>").empty());
  CHECK(reason("<a ID='_1'><b ID='_1'/></a>") == "XML_DUPLICATE_ID");
  CHECK(reason("<a ID='_1'><b Id='_1'/></a>") == "XML_DUPLICATE_ID");
  CHECK(reason("<a ID='_1'><b id='_1'/></a>") == "XML_DUPLICATE_ID");
  CHECK(reason("<a ID='_1'><b xml:id='_1'/></a>") == "XML_DUPLICATE_ID");
  CHECK(reason("<a ID='_1' Id='_1'/>") == "XML_DUPLICATE_ID");
  // Not an ID: another name, another namespace.
  CHECK(reason("<a ID='_1'><b iD='_1' xmlns:p='urn:p' p:ID='_1'/></a>").empty());
}

TEST_CASE("CheckIds: S21 two signatures may share an Id, a signature and another element may not",
          "[xml]") {
  const auto reason = [](const std::string& inside) {
    return base::ReasonOf(CheckIds(
        Parsed("<a ID='_1' xmlns:d='http://www.w3.org/2000/09/xmldsig#'>" + inside + "</a>")));
  };
  CHECK(reason("<d:Signature Id='s'/><b ID='_2'><d:Signature Id='s'/></b>").empty());
  CHECK(reason("<d:Signature Id='_1'/>") == "XML_DUPLICATE_ID");
  CHECK(reason("<d:Signature Id='s'/><d:Signature Id='s'/><b ID='s'/>") == "XML_DUPLICATE_ID");
  CHECK(reason("<d:Signature Id='s'/><Signature Id='s'/>") == "XML_DUPLICATE_ID");
  CHECK(reason("<d:Object Id='s'/><d:Object Id='s'/>") == "XML_DUPLICATE_ID");
  // Its Id, as the schema spells it, and no other attribute.
  for (const char* const name : {"ID", "id", "xml:id"}) {
    CAPTURE(name);
    const std::string other = std::string("<d:Signature ") + name + "='s'/>";
    CHECK(reason(other + other) == "XML_DUPLICATE_ID");
    CHECK(reason("<d:Signature Id='s'/>" + other) == "XML_DUPLICATE_ID");
    CHECK(reason(std::string("<d:Signature Id='s' ") + name + "='s'/>") == "XML_DUPLICATE_ID");
  }
}

TEST_CASE("CheckIds: S22 an ID is an NCName", "[xml]") {
  for (const char* const id :
       {"", " _1", "_1 ", "1a", "a b", "a:b", "%5f1", "#a", "a/b", "_1&#10;"}) {
    CAPTURE(id);
    const std::string xml = "<a ID='" + std::string(id) + "'/>";
    CHECK(base::ReasonOf(CheckIds(Parsed(xml))) == "XML_BAD_ID");
  }
  CHECK(CheckIds(Parsed("<a ID='_a.1-2\xc3\xa9'/>")).ok());
  CHECK(IsNcName(std::string(256, 'a')));
  CHECK_FALSE(IsNcName(std::string(257, 'a')));
  CHECK_FALSE(IsNcName("-a"));
  CHECK_FALSE(IsNcName("\xd7"));
}

TEST_CASE("Builder: writes what the parser reads back", "[xml]") {
  Builder out("urn:p", "p", "root");
  out.DeclareNs("x", "urn:x").Attr("a", "\"<&>'\n").AttrNs("urn:x", "b", "2");
  out.Leaf("urn:p", "leaf", "a < b && c ]]> d \xe2\x82\xac")
      .Open("urn:q", "other")
      .Text("t")
      .Close();
  absl::StatusOr<Document> document = out.Finish();
  REQUIRE(document.ok());
  const Document again = Parsed(document->SerializeWithDeclaration());
  CHECK(again.root().Attr("a") == std::optional<std::string>("\"<&>'\n"));
  CHECK(again.root().AttrNs("urn:x", "b") == std::optional<std::string>("2"));
  CHECK(again.root().Child("urn:p", "leaf")->Text() == "a < b && c ]]> d \xe2\x82\xac");
  CHECK(again.root().Child("urn:q", "other")->Text() == "t");
}

TEST_CASE("Builder: refuses what XML cannot carry", "[xml]") {
  for (const char* const value : {"\x01", "a\x1b[0m", "\xff", "\xed\xa0\x80", "\xef\xbf\xbf"}) {
    Builder text("", "", "a");
    CHECK(base::ReasonOf(text.Text(value).Finish().status()) == "ILLEGAL_CHARACTER");
    Builder attribute("", "", "a");
    CHECK(base::ReasonOf(attribute.Attr("b", value).Finish().status()) == "ILLEGAL_CHARACTER");
    Builder leaf("", "", "a");
    CHECK(base::ReasonOf(leaf.Leaf("", "b", value).Finish().status()) == "ILLEGAL_CHARACTER");
  }
  Builder unbalanced("", "", "a");
  CHECK(base::ReasonOf(unbalanced.Close().Finish().status()) == "UNBALANCED");
  Builder undeclared("", "", "a");
  CHECK(base::ReasonOf(undeclared.AttrNs("urn:x", "b", "1").Finish().status()) ==
        "UNDECLARED_NAMESPACE");
}

TEST_CASE("Builder: a namespace is declared once and a hidden prefix is not used", "[xml]") {
  Builder out("urn:p", "p", "a");
  out.Open("urn:q", "b").DeclareNs("p", "urn:other").Leaf("urn:p", "c", "x").Close();
  out.Leaf("urn:p", "d", "y");
  const Document again = Parsed(out.Finish()->Serialize());
  CHECK(again.root().Child("urn:q", "b")->Child("urn:p", "c")->Text() == "x");
  CHECK(again.Serialize().find("<p:d>y</p:d>") != std::string::npos);
}

TEST_CASE("MutableElement: copies and removes parts of other documents", "[xml]") {
  const Document part = Parsed("<p:a xmlns:p='urn:p'><p:b>x</p:b></p:a>");
  Document whole = Document::New("urn:w", "w", "whole");
  whole.mutable_root().AddCopy(*part.root().Child("urn:p", "b"));
  CHECK(Parsed(whole.Serialize()).root().Child("urn:p", "b")->Text() == "x");
  whole.mutable_root().MutableChild("urn:p", "b")->Remove();
  CHECK(whole.root().Children().empty());
  CHECK(whole.mutable_root().SetText("&amp;").ok());
  CHECK(whole.root().Text() == "&amp;");
}

TEST_CASE("MutableElement: a copy keeps a namespace whose outer declaration is hidden", "[xml]") {
  // Bound to the default namespace at the top of the copy, `c` would be written without a prefix
  // where "no prefix" means urn:b.
  const Document part =
      Parsed("<a xmlns='urn:a'><b xmlns='urn:b'><p:c xmlns:p='urn:a'>x</p:c></b></a>");
  Document whole = Document::New("urn:w", "w", "whole");
  whole.mutable_root().AddCopy(part.root());
  const Document again = Parsed(whole.Serialize());
  const Element b = *again.root().Child("urn:a", "a")->Child("urn:b", "b");
  REQUIRE(b.Child("urn:a", "c").has_value());
  CHECK(b.Child("urn:a", "c")->Text() == "x");
}

TEST_CASE("Document: any text that XML can carry survives a round trip", "[xml][prop]") {
  CHECK(rc::check([] {
    const auto piece = rc::gen::element<std::string>(
        "a", " ", "<", ">", "&", "\"", "'", "]]>", "\n", "\r", "\t", "\xc3\xa9", "\xe2\x80\xae",
        "\xf0\x9f\x98\x80", "--", "&amp;", "<!--", "%");
    std::string value;
    for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece))
      value += part;
    Builder out("urn:p", "", "a");
    const absl::StatusOr<Document> document = out.Attr("b", value).Text(value).Finish();
    RC_ASSERT(document.ok());
    const absl::StatusOr<Document> again = Document::Parse(document->Serialize());
    RC_ASSERT(again.ok());
    RC_ASSERT(again->root().Text() == value);
    RC_ASSERT(again->root().Attr("b") == std::optional<std::string>(value));
  }));
}

TEST_CASE("Document: no bytes make the parser fail in another way than by a reason",
          "[xml][prop]") {
  CHECK(rc::check([](const std::string& bytes) {
    const absl::StatusOr<Document> document = Document::Parse("<a>" + bytes + "</a>");
    RC_ASSERT(document.ok() || !base::ReasonOf(document.status()).empty());
  }));
}

}  // namespace va::xml
