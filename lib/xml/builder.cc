#include "lib/xml/builder.h"

#include <utility>

#include "lib/base/status.h"

namespace va::xml {

Builder::Builder(absl::string_view ns, absl::string_view prefix, absl::string_view root_name)
    : document_(Document::New(ns, prefix, root_name)), open_{document_.mutable_root()} {}

void Builder::Note(const absl::Status& status) {
  if (status_.ok()) status_ = status;
}

Builder& Builder::DeclareNs(absl::string_view prefix, absl::string_view ns) {
  open_.back().DeclareNs(prefix, ns);
  return *this;
}

Builder& Builder::Attr(absl::string_view name, absl::string_view value) {
  Note(open_.back().SetAttr(name, value));
  return *this;
}

Builder& Builder::AttrNs(absl::string_view ns, absl::string_view name, absl::string_view value) {
  Note(open_.back().SetAttrNs(ns, name, value));
  return *this;
}

Builder& Builder::Text(absl::string_view value) {
  Note(open_.back().SetText(value));
  return *this;
}

Builder& Builder::Open(absl::string_view ns, absl::string_view name) {
  open_.push_back(open_.back().Add(ns, name));
  return *this;
}

Builder& Builder::Close() {
  if (open_.size() > 1) {
    open_.pop_back();
    return *this;
  }
  Note(base::MakeError(absl::StatusCode::kInternal, "UNBALANCED",
                       "more elements closed than opened"));
  return *this;
}

Builder& Builder::Leaf(absl::string_view ns, absl::string_view name, absl::string_view text) {
  Note(open_.back().AddText(ns, name, text));
  return *this;
}

Builder& Builder::Copy(const Element& other) {
  open_.back().AddCopy(other);
  return *this;
}

absl::StatusOr<Document> Builder::Finish() {
  if (!status_.ok()) return status_;
  return std::move(document_);
}

}  // namespace va::xml
