#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/find_answer.h"

namespace va::mpi {
namespace {

Answer Failed(Outcome outcome, std::string reason) {
  Answer answer;
  answer.outcome = outcome;
  answer.reason = std::move(reason);
  return answer;
}

// A call that brought no HTTP answer.
Answer ClassifyFault(const absl::Status& status) {
  std::string reason = base::ReasonOf(status);
  if (reason == "CIRCUIT_OPEN") return Failed(Outcome::kBreakerOpen, std::move(reason));
  if (absl::IsDeadlineExceeded(status)) return Failed(Outcome::kTimeout, "TIMEOUT");
  if (absl::IsResourceExhausted(status)) return Failed(Outcome::kUnparseable, std::move(reason));
  return Failed(Outcome::kTransport, reason.empty() ? "CONNECTION_LOST" : std::move(reason));
}

hl7::HttpAnswer AnswerOf(const http::ClientResponse& response) {
  return {response.status, response.headers.Get("Content-Type").value_or(""),
          response.headers.Get("x-global-transaction-id").value_or(""), response.body};
}

}  // namespace

SoapMpiGateway::SoapMpiGateway(Deps deps, SoapSettings settings)
    : deps_(deps), settings_(std::move(settings)) {}

hl7::MessageStamp SoapMpiGateway::NewStamp() const {
  return {absl::StrCat(settings_.message_id_prefix, deps_.ids.Uuid()),
          settings_.query_id.empty() ? deps_.ids.Uuid() : settings_.query_id, deps_.clock.Now()};
}

http::ClientRequest SoapMpiGateway::Request(absl::string_view interaction, std::string body,
                                            absl::Time now, absl::Duration timeout) const {
  http::ClientRequest request;
  request.method = "POST";
  request.url = settings_.url;
  request.headers.Add("Accept", "text/xml;charset=UTF-8");
  request.headers.Add("Content-Type", "text/xml;charset=UTF-8");
  request.headers.Add("User-Agent", "Vets.gov Agent");
  request.headers.Add("soapaction", interaction);
  request.headers.Add("Date",
                      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone()));
  request.body = std::move(body);
  request.timeout = timeout;
  request.max_response = hl7::kMaxAnswerBytes;
  // A question changes nothing over there: asked twice it is answered twice. What adds or updates a
  // person must never say so.
  request.repeatable = interaction == hl7::kFindRequest;
  return request;
}

absl::StatusOr<Answer> SoapMpiGateway::Find(const Question& question, absl::Time deadline) {
  const hl7::MessageStamp stamp = NewStamp();
  const absl::StatusOr<xml::Document> message =
      hl7::BuildFindRequest(question, stamp, settings_.message);
  if (!message.ok()) return message.status();

  const absl::Duration timeout = std::min(deadline - stamp.created, settings_.timeout);
  Answer answer = Failed(Outcome::kTimeout, "DEADLINE_PASSED");
  if (timeout > absl::ZeroDuration()) {
    const absl::StatusOr<http::ClientResponse> response = deps_.http.Send(
        Request(hl7::kFindRequest, message->SerializeWithDeclaration(), stamp.created, timeout));
    if (response.ok()) {
      answer =
          hl7::ReadFindAnswer(AnswerOf(*response), {stamp.message_id, stamp.query_id, question});
    } else {
      answer = ClassifyFault(response.status());
    }
  }
  answer.message_id = stamp.message_id;
  return answer;
}

}  // namespace va::mpi
