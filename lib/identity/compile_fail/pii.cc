// Must compile as it stands, and must not with any of the cases defined: the test beside it builds
// each once.
#include "lib/identity/pii.h"

#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"

namespace {

std::string Allowed(const va::identity::Ssn& ssn) { return ssn.Reveal(); }

#if defined(CASE_STREAM_SSN)
void Leak(const va::identity::Ssn& ssn) { std::cout << ssn; }
#elif defined(CASE_STREAM_SECRET)
void Leak(const va::identity::Secret& secret) { std::cerr << secret; }
#elif defined(CASE_STRCAT_ICN)
std::string Leak(const va::identity::Icn& icn) { return absl::StrCat("icn ", icn); }
#elif defined(CASE_CONCATENATE_BIRTH_DATE)
std::string Leak(const va::identity::BirthDate& date) { return std::string("born ") + date; }
#elif defined(CASE_IMPLICIT_STRING)
std::string Leak(const va::identity::PersonText& text) { return text; }
#elif defined(CASE_MIXED_COMPARE)
bool Leak(const va::identity::Ssn& ssn, const va::identity::Icn& icn) { return ssn == icn; }
#endif

}  // namespace

int main() { return Allowed(va::identity::Ssn::FromWire("1")).empty() ? 1 : 0; }
