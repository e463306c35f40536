// Types for personal data. They guard against printing, not against content: FromWire keeps what
// came, IsWellFormed is a rule, and only this folder decides well-formedness. None of them can be
// streamed, concatenated or formatted; Reveal() is greppable and reserved for the outer layers.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace va::identity {

// The shared shape of all guarded text. T is the type that derives from it.
template <typename T>
class Guarded {
 public:
  Guarded() = default;

  // Keeps exactly what came over the wire.
  static T FromWire(std::string value) {  // NOLINT(performance-unnecessary-value-param): moved
    T out;
    static_cast<Guarded&>(out).value_ = std::move(value);
    return out;
  }

  // The text itself. Allowed only where bytes leave the program or are compared by outer layers:
  // api/, adapters/, hl7/, saml/, oidc/, store/, lib/{identity,jose,crypto}.
  const std::string& Reveal() const { return value_; }

  bool empty() const { return value_.empty(); }

  friend bool operator==(const Guarded& a, const Guarded& b) { return a.value_ == b.value_; }

 private:
  std::string value_;
};

// Streaming personal data does not compile. Abseil's StrCat and StrFormat have no conversion
// either.
template <typename T>
std::ostream& operator<<(std::ostream&, const Guarded<T>&) = delete;

// A social security number, with or without hyphens.
class Ssn : public Guarded<Ssn> {
 public:
  // Nine digits once hyphens are gone.
  bool IsWellFormed() const;
  // Equal after everything but digits is removed, compared in constant time. Two values without any
  // digit are not the same number.
  bool SameDigits(const Ssn& other) const;
  // The same number without hyphens.
  Ssn WithoutHyphens() const;
};

// An Integration Control Number.
class Icn : public Guarded<Icn> {
 public:
  // Ten digits, V, six digits; or the older form of seventeen digits.
  bool IsWellFormed() const;
};

// A calendar day as text: YYYYMMDD (MPI, SSOe) or YYYY-MM-DD (claims).
class BirthDate : public Guarded<BirthDate> {
 public:
  // A real day in exactly one of the two forms.
  bool IsWellFormed() const;
  // The day as YYYY-MM-DD; nothing when this is not a well-formed day.
  std::optional<BirthDate> Dashed() const;
  // The day as YYYYMMDD; nothing when this is not a well-formed day.
  std::optional<BirthDate> Compact() const;
  // Both well formed and the same day.
  bool SameDay(const BirthDate& other) const;
};

// Grants something to whoever holds it: tokens, codes, keys.
class Secret : public Guarded<Secret> {};

// A name, an e-mail address or any other personal text.
class PersonText : public Guarded<PersonText> {};

// A number or uuid that names one person somewhere: CSP uuid, MHV id, EDIPI, sec_id, corp id.
class CspId : public Guarded<CspId> {};

}  // namespace va::identity
