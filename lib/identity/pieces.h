// Several guarded texts as one, for keyed hashes and for looking up in memory: rules that may not
// open personal text can still make a key of it. Each piece has its length in front, so that no two
// lists of pieces make the same text.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "lib/identity/pii.h"

namespace va::identity {

class Pieces {
 public:
  template <typename T>
  Pieces& Add(const Guarded<T>& piece) {
    return AddText(piece.Reveal());
  }
  // The same without blanks around it and with ASCII letters in lower case.
  template <typename T>
  Pieces& AddFolded(const Guarded<T>& piece) {
    return AddText(Folded(piece.Reveal()));
  }
  Pieces& AddText(absl::string_view piece);

  CspId Joined() const { return CspId::FromWire(text_); }

 private:
  static std::string Folded(absl::string_view text);

  std::string text_;
};

}  // namespace va::identity
