// Writes a document from top to bottom. The first value that XML cannot carry is remembered and
// reported by Finish, so that builders of messages read like the message.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/xml/document.h"
#include "lib/xml/element.h"

namespace va::xml {

// A cursor into a growing document; starts at the root.
class Builder {
 public:
  Builder(absl::string_view ns, absl::string_view prefix, absl::string_view root_name);

  // Binds a prefix on the open element.
  Builder& DeclareNs(absl::string_view prefix, absl::string_view ns);
  Builder& Attr(absl::string_view name, absl::string_view value);
  Builder& AttrNs(absl::string_view ns, absl::string_view name, absl::string_view value);
  Builder& Text(absl::string_view value);
  // Opens a child and moves into it; Close moves back to its parent.
  Builder& Open(absl::string_view ns, absl::string_view name);
  Builder& Close();
  // A child with text and nothing else.
  Builder& Leaf(absl::string_view ns, absl::string_view name, absl::string_view text);
  // A deep copy of another document's element.
  Builder& Copy(const Element& other);

  // The document, or the first fault. The builder is empty afterwards.
  absl::StatusOr<Document> Finish();

 private:
  void Note(const absl::Status& status);

  Document document_;
  std::vector<MutableElement> open_;
  absl::Status status_;
};

}  // namespace va::xml
