#include "services/mhv-account/adapters/grpc_terms_records.h"

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/base/worker_pool.h"
#include "lib/rpc/server.h"
#include "lib/testing/test_pki.h"

namespace va::mhv {
namespace {

using attributes::v1::GetTermsAcceptanceRequest;
using attributes::v1::GetTermsAcceptanceResponse;

GetTermsAcceptanceResponse Answer(attributes::v1::TermsDecision decision, bool accepted) {
  GetTermsAcceptanceResponse response;
  response.set_accepted(accepted);
  response.mutable_current()->set_revision("3");
  if (decision == attributes::v1::TERMS_DECISION_UNSPECIFIED) return response;
  attributes::v1::TermsRecord& latest = *response.mutable_latest();
  latest.set_document("va_terms_of_use");
  latest.set_revision("3");
  latest.set_legal_version("1.0");
  latest.set_title("VA Enterprise Terms of Use");
  latest.set_decision(decision);
  latest.mutable_decided_at()->set_seconds(1501098967);
  latest.mutable_decided_at()->set_nanos(250000000);
  return response;
}

TEST_CASE("ReadTerms: what was accepted and when come from the record", "[mhv][adapter][rule]") {
  const auto terms = ReadTerms(Answer(attributes::v1::TERMS_DECISION_ACCEPTED, true));
  REQUIRE(terms.ok());
  CHECK(terms->standing == TermsStanding::kAccepted);
  REQUIRE(terms->acceptance.has_value());
  CHECK(terms->acceptance->revision == "3");
  CHECK(terms->acceptance->legal_version == "1.0");
  CHECK(terms->acceptance->title == "VA Enterprise Terms of Use");
  CHECK(terms->acceptance->accepted_at == absl::FromUnixMillis(1501098967250));
}

TEST_CASE("ReadTerms: whatever does not stand accepted is no acceptance", "[mhv][adapter][rule]") {
  const auto [decision, standing] = GENERATE(table<attributes::v1::TermsDecision, TermsStanding>({
      {attributes::v1::TERMS_DECISION_UNSPECIFIED, TermsStanding::kNoAnswer},
      {attributes::v1::TERMS_DECISION_DECLINED, TermsStanding::kDeclined},
      {attributes::v1::TERMS_DECISION_ACCEPTED, TermsStanding::kOutdated},
  }));
  const auto terms = ReadTerms(Answer(decision, false));
  REQUIRE(terms.ok());
  CHECK(terms->standing == standing);
  CHECK_FALSE(terms->acceptance.has_value());
}

TEST_CASE("ReadTerms: an acceptance that does not say of what or when accepts nothing",
          "[mhv][adapter][rule]") {
  using Spoil = std::function<void(attributes::v1::TermsRecord&)>;
  const std::vector<Spoil> spoils = {
      [](auto& record) { record.Clear(); },
      [](auto& record) { record.set_decision(attributes::v1::TERMS_DECISION_DECLINED); },
      [](auto& record) { record.clear_revision(); },
      [](auto& record) { record.clear_legal_version(); },
      [](auto& record) { record.clear_title(); },
      [](auto& record) { record.clear_decided_at(); },
  };
  for (const Spoil& spoil : spoils) {
    GetTermsAcceptanceResponse response = Answer(attributes::v1::TERMS_DECISION_ACCEPTED, true);
    spoil(*response.mutable_latest());
    const absl::Status status = ReadTerms(response).status();
    CHECK(status.code() == absl::StatusCode::kUnavailable);
    CHECK(base::ReasonOf(status) == "TERMS_MALFORMED");
  }
}

// user-attributes, as far as this edge goes, over real mutual TLS.
class Neighbour {
 public:
  Neighbour() {
    rpc::ServerBuilder builder;
    builder.Unary<GetTermsAcceptanceRequest, GetTermsAcceptanceResponse>(
        "va.attributes.v1.AttributesService/GetTermsAcceptance",
        [this](const rpc::CallContext& context, const GetTermsAcceptanceRequest& request)
            -> absl::StatusOr<GetTermsAcceptanceResponse> {
          asked = request;
          request_id = context.request_id;
          return answer;
        });
    builder.Allow("mhv-account.va.internal",
                  {"va.attributes.v1.AttributesService/GetTermsAcceptance"});
    const testing::PemFiles mine = pki_.IssueService("user-attributes");
    rpc::ServerOptions options;
    options.tls = {mine.certificate_file, mine.private_key_file, pki_.ca_file()};
    server_ = builder.Start(options, pool_, clock).value();
  }
  ~Neighbour() {
    server_->Stop(absl::Seconds(1));
    pool_.Shutdown();
  }

  rpc::Channel Channel() {
    const testing::PemFiles caller = pki_.IssueService("mhv-account");
    return rpc::Connect("127.0.0.1:" + std::to_string(server_->port()),
                        {caller.certificate_file, caller.private_key_file, pki_.ca_file()},
                        "user-attributes.va.internal")
        .value();
  }

  absl::StatusOr<GetTermsAcceptanceResponse> answer = GetTermsAcceptanceResponse();
  GetTermsAcceptanceRequest asked;
  std::string request_id;
  base::SystemClock clock;

 private:
  testing::TestPki pki_;
  base::WorkerPool pool_{2, 8};
  std::unique_ptr<rpc::Server> server_;
};

TEST_CASE("GrpcTermsRecords: asks for the account and the configured document", "[mhv][adapter]") {
  Neighbour neighbour;
  neighbour.answer = Answer(attributes::v1::TERMS_DECISION_ACCEPTED, true);
  GrpcTermsRecords records(neighbour.Channel(), "va_terms_of_use");
  const auto terms =
      records.Find("account-1", "request-1", neighbour.clock.Now() + absl::Seconds(10));
  INFO(terms.status());
  REQUIRE(terms.ok());
  CHECK(terms->standing == TermsStanding::kAccepted);
  CHECK(neighbour.asked.account_id() == "account-1");
  CHECK(neighbour.asked.document() == "va_terms_of_use");
  CHECK(neighbour.request_id == "request-1");
}

TEST_CASE("GrpcTermsRecords: nobody to ask, or a failure there, is an outage and no refusal",
          "[mhv][adapter][rule]") {
  Neighbour neighbour;
  absl::Duration left = absl::Seconds(10);
  SECTION("a failure there") {
    neighbour.answer =
        base::MakeError(absl::StatusCode::kInternal, "STATEMENT_FAILED", "the database");
  }
  SECTION("no time left") { left = -absl::Seconds(1); }
  GrpcTermsRecords records(neighbour.Channel(), "va_terms_of_use");
  const absl::Status status =
      records.Find("account-1", "request-1", neighbour.clock.Now() + left).status();
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(base::ReasonOf(status) == "TERMS_UNAVAILABLE");
  CHECK(base::IsRetryable(status));
}

}  // namespace
}  // namespace va::mhv
