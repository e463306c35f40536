#include "services/user-attributes/domain/terms.h"

#include <catch2/catch.hpp>

namespace va::attributes {
namespace {

const TermsDocument kCurrent{"va_terms_of_use", "3", "1.0", "VA Enterprise Terms of Use"};

TermsAnswer Answer(const std::string& revision, TermsDecision decision) {
  TermsAnswer out{kCurrent, decision, absl::UnixEpoch()};
  out.document.revision = revision;
  return out;
}

TEST_CASE("StandsAccepted: what stands is the latest answer, and to this revision only",
          "[attributes][rule]") {
  struct Row {
    const char* rule;
    std::optional<TermsAnswer> latest;
    bool stands;
  };
  TermsAnswer elsewhere = Answer("3", TermsDecision::kAccepted);
  elsewhere.document.name = "another_document";
  const auto row = GENERATE_COPY(values<Row>({
      {"nothing was ever answered", std::nullopt, false},
      {"the current revision is accepted", Answer("3", TermsDecision::kAccepted), true},
      {"a decline revokes", Answer("3", TermsDecision::kDeclined), false},
      {"an older revision was accepted", Answer("2", TermsDecision::kAccepted), false},
      {"a newer revision, withdrawn since, was accepted", Answer("4", TermsDecision::kAccepted),
       false},
      {"another document was accepted", elsewhere, false},
  }));
  INFO(row.rule);
  CHECK(StandsAccepted(row.latest, kCurrent) == row.stands);
}

TEST_CASE("SameAnswer: a repeat may come later and must say the same", "[attributes][rule]") {
  const TermsAnswer first = Answer("3", TermsDecision::kAccepted);
  TermsAnswer later = first;
  later.decided_at += absl::Hours(1);
  CHECK(SameAnswer(first, later));
  CHECK_FALSE(SameAnswer(first, Answer("3", TermsDecision::kDeclined)));
  CHECK_FALSE(SameAnswer(first, Answer("2", TermsDecision::kAccepted)));
  later.document.name = "another_document";
  CHECK_FALSE(SameAnswer(first, later));
}

TEST_CASE("TermsDecision: the stored words lead back", "[attributes][rule]") {
  for (const TermsDecision decision : {TermsDecision::kAccepted, TermsDecision::kDeclined}) {
    CHECK(TermsDecisionFromString(ToString(decision)) == decision);
  }
  CHECK_FALSE(TermsDecisionFromString("Accepted").has_value());
  CHECK_FALSE(TermsDecisionFromString("").has_value());
}

}  // namespace
}  // namespace va::attributes
