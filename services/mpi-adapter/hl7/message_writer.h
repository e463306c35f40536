// What the messages to MPI have in common: envelope, header, and the parts that questions and
// changes share. Everything is a tree (attack H2: no text is ever pasted into markup).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/identity/pii.h"
#include "lib/xml/builder.h"
#include "lib/xml/document.h"
#include "services/mpi-adapter/hl7/message_settings.h"

namespace va::mpi::hl7 {

// A builder that knows which spelling of the HL7 namespace this message uses.
class Writer {
 public:
  explicit Writer(bool u2010);

  Writer& Open(absl::string_view name) {
    out_.Open(hl7_, name);
    return *this;
  }
  Writer& Close() {
    out_.Close();
    return *this;
  }
  Writer& Attr(absl::string_view name, absl::string_view value) {
    out_.Attr(name, value);
    return *this;
  }
  Writer& Leaf(absl::string_view name, absl::string_view text) {
    out_.Leaf(hl7_, name, text);
    return *this;
  }
  // <name attribute="value"/>
  Writer& Mark(absl::string_view name, absl::string_view attribute, absl::string_view value) {
    return Open(name).Attr(attribute, value).Close();
  }
  // <name root="" extension=""/>
  Writer& Instance(absl::string_view name, absl::string_view root, absl::string_view extension) {
    return Open(name).Attr("root", root).Attr("extension", extension).Close();
  }
  // <name xsi:type="ST">text</name>
  Writer& TypedLeaf(absl::string_view name, absl::string_view text);

  // Envelope, empty header, body, and the interaction's own element with its namespaces.
  Writer& OpenInteraction(absl::string_view interaction);

  absl::StatusOr<xml::Document> Finish() { return out_.Finish(); }

 private:
  absl::string_view hl7_;
  absl::string_view xsi_;
  xml::Builder out_;
};

// From id to sender. The order of these elements is part of the contract.
void WriteHeader(Writer& out, absl::string_view interaction, const MessageStamp& stamp,
                 const MessageSettings& settings);

// An id and the OID of whoever issues it.
struct RootedId {
  absl::string_view root;
  std::string extension;
};

// On whose behalf a message comes: the person it is about, and with an EDIPI the organization that
// speaks for them (mpi_mhv.md 1.5.4). `middle_name` and `edipi` may be empty.
struct DataEnterer {
  RootedId id;
  absl::string_view first_name;
  absl::string_view middle_name;
  absl::string_view last_name;
  absl::string_view edipi;
};
void WriteDataEnterer(Writer& out, const DataEnterer& enterer, const MessageStamp& stamp,
                      const MessageSettings& settings);

// <given/>+ <family/>; given names that are blank are left out.
void WriteNameParts(Writer& out, absl::string_view first_name, absl::string_view middle_name,
                    absl::string_view last_name);

// `{id}^{type}^{facility}^{authority}^{status}` as MPI stores it. The uuids in the spelling MPI
// knows (lib/identity/text.h).
std::string IdmeExtension(const identity::CspId& uuid);
std::string LogingovExtension(const identity::CspId& uuid);
std::string MhvExtension(const identity::CspId& id);
std::string EdipiExtension(const identity::CspId& edipi);
std::string IcnExtension(const identity::Icn& icn);

}  // namespace va::mpi::hl7
