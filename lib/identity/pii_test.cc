#include "lib/identity/pii.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <ostream>
#include <string>

#include "absl/time/civil_time.h"

namespace va::identity {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(Streamable<std::string>);
static_assert(!Streamable<Ssn>);
static_assert(!Streamable<Icn>);
static_assert(!Streamable<BirthDate>);
static_assert(!Streamable<Secret>);
static_assert(!Streamable<PersonText>);
static_assert(!Streamable<CspId>);

TEST_CASE("Ssn: nine digits with or without hyphens are well formed", "[identity][rule]") {
  const auto [text, well_formed] = GENERATE(table<const char*, bool>({
      {"666271152", true},
      {"666-27-1152", true},
      {"66627115", false},
      {"6662711520", false},
      {"66627115A", false},
      {"666 27 1152", false},
      {"", false},
  }));
  CAPTURE(text);
  CHECK(Ssn::FromWire(text).IsWellFormed() == well_formed);
}

TEST_CASE("Ssn: hyphens do not make another number", "[identity][rule]") {
  CHECK(Ssn::FromWire("666-27-1152").SameDigits(Ssn::FromWire("666271152")));
  CHECK_FALSE(Ssn::FromWire("666271152").SameDigits(Ssn::FromWire("666271153")));
  CHECK_FALSE(Ssn::FromWire("666271152").SameDigits(Ssn::FromWire("66627115")));
}

TEST_CASE("Ssn: two values without digits are not the same number", "[identity][rule]") {
  CHECK_FALSE(Ssn::FromWire("").SameDigits(Ssn::FromWire("")));
  CHECK_FALSE(Ssn::FromWire("-").SameDigits(Ssn::FromWire("x")));
}

TEST_CASE("Icn: ten digits V six digits, or seventeen digits", "[identity][rule]") {
  const auto [text, well_formed] = GENERATE(table<const char*, bool>({
      {"1008830476V316605", true},
      {"10088304761316605", true},
      {"1008830476v316605", false},
      {"1008830476V31660", false},
      {"1008830476V3166055", false},
      {"1008830476V316605\n", false},
      {"", false},
  }));
  CAPTURE(text);
  CHECK(Icn::FromWire(text).IsWellFormed() == well_formed);
}

TEST_CASE("BirthDate: exactly YYYYMMDD or YYYY-MM-DD of a day that exists", "[identity][rule]") {
  const auto [text, dashed] = GENERATE(table<const char*, const char*>({
      {"19690407", "1969-04-07"},
      {"1969-04-07", "1969-04-07"},
      {"20000229", "2000-02-29"},
      {"19000229", ""},  // 1900 was no leap year
      {"19690431", ""},
      {"19691301", ""},
      {"19690100", ""},
      {"1980", ""},
      {"198003", ""},
      {"1969-4-7", ""},
      {"07-04-1969", ""},
      {"1969/04/07", ""},
      {"+9690407", ""},
      {"00000101", ""},
      {"19690407 ", ""},
      {"", ""},
  }));
  CAPTURE(text);
  const std::optional<BirthDate> out = BirthDate::FromWire(text).Dashed();
  CHECK((out ? out->Reveal() : "") == dashed);
  CHECK(BirthDate::FromWire(text).IsWellFormed() == out.has_value());
}

TEST_CASE("BirthDate: the two forms of one day are the same day", "[identity][rule]") {
  CHECK(BirthDate::FromWire("19690407").SameDay(BirthDate::FromWire("1969-04-07")));
  CHECK_FALSE(BirthDate::FromWire("19690407").SameDay(BirthDate::FromWire("19690408")));
  CHECK_FALSE(BirthDate::FromWire("1980").SameDay(BirthDate::FromWire("1980")));
}

TEST_CASE("BirthDate: compact and dashed form lead to each other", "[identity][prop]") {
  CHECK(rc::check([](unsigned days) {
    const absl::CivilDay day = absl::CivilDay(1900, 1, 1) + static_cast<int>(days % 60000);
    const std::string dashed = absl::FormatCivilTime(day);
    const std::optional<BirthDate> compact = BirthDate::FromWire(dashed).Compact();
    RC_ASSERT(compact.has_value());
    RC_ASSERT(compact->Dashed()->Reveal() == dashed);
  }));
}

TEST_CASE("Guarded: keeps exactly what came", "[identity]") {
  const std::string odd = std::string(" \n\0x", 4);
  CHECK(PersonText::FromWire(odd).Reveal() == odd);
  CHECK(Secret::FromWire("").empty());
}

}  // namespace
}  // namespace va::identity
