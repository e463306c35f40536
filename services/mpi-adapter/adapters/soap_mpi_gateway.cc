#include "services/mpi-adapter/adapters/soap_mpi_gateway.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"
#include "services/mpi-adapter/hl7/add_answer.h"
#include "services/mpi-adapter/hl7/change_request.h"
#include "services/mpi-adapter/hl7/constants.h"
#include "services/mpi-adapter/hl7/find_answer.h"
#include "services/mpi-adapter/hl7/find_request.h"

namespace va::mpi {
namespace {

template <typename AnswerType>
AnswerType Failed(Outcome outcome, const std::string& reason) {
  AnswerType answer;
  answer.outcome = outcome;
  answer.reason = reason;
  return answer;
}

// A call that brought no HTTP answer.
template <typename AnswerType>
AnswerType ClassifyFault(const absl::Status& status) {
  std::string reason = base::ReasonOf(status);
  if (absl::IsDeadlineExceeded(status)) {
    return Failed<AnswerType>(Outcome::kTimeout, reason.empty() ? "TIMEOUT" : reason);
  }
  if (absl::IsResourceExhausted(status)) {
    return Failed<AnswerType>(Outcome::kUnparseable, reason);
  }
  return Failed<AnswerType>(Outcome::kTransport, reason.empty() ? "CONNECTION_LOST" : reason);
}

// The text of a message. Its tree goes here: hundreds of questions wait for an answer at once, and
// each tree is several times as large as what it says.
absl::StatusOr<std::string> TextOf(const absl::StatusOr<xml::Document>& message) {
  if (!message.ok()) return message.status();
  return message->SerializeWithDeclaration();
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

http::ClientRequest SoapMpiGateway::Request(Message message, absl::Duration timeout) const {
  http::ClientRequest request;
  request.method = "POST";
  request.url = settings_.url;
  request.headers.Add("Accept", "text/xml;charset=UTF-8");
  request.headers.Add("Content-Type", "text/xml;charset=UTF-8");
  request.headers.Add("User-Agent", "Vets.gov Agent");
  request.headers.Add("soapaction", message.interaction);
  request.headers.Add("Date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", message.stamp.created,
                                               absl::UTCTimeZone()));
  request.body = std::move(message.body);
  request.timeout = timeout;
  request.max_response = hl7::kMaxAnswerBytes;
  // A question changes nothing over there: asked twice it is answered twice. What adds or updates a
  // person must never go out again by itself, not even on a connection that died over it.
  request.repeatable = message.interaction == hl7::kFindRequest;
  return request;
}

absl::StatusOr<http::ClientResponse> SoapMpiGateway::Exchange(Message message,
                                                              absl::Time deadline) const {
  const absl::Duration timeout = std::min(deadline - message.stamp.created, settings_.timeout);
  if (timeout <= absl::ZeroDuration()) {
    return base::MakeError(absl::StatusCode::kDeadlineExceeded, "DEADLINE_PASSED", "no time left");
  }
  if (deps_.break_glass != nullptr) {
    deps_.break_glass->Sent(message.stamp.message_id, message.interaction, message.body);
  }
  const std::string message_id = message.stamp.message_id;
  absl::StatusOr<http::ClientResponse> response =
      deps_.http.Send(Request(std::move(message), timeout));
  if (deps_.break_glass != nullptr && response.ok()) {
    deps_.break_glass->Received(message_id, response->status, response->body);
  }
  return response;
}

absl::StatusOr<Answer> SoapMpiGateway::Find(const Question& question, absl::Time deadline) {
  const hl7::MessageStamp stamp = NewStamp();
  absl::StatusOr<std::string> text =
      TextOf(hl7::BuildFindRequest(question, stamp, settings_.message));
  if (!text.ok()) return text.status();
  const absl::StatusOr<http::ClientResponse> response =
      Exchange({hl7::kFindRequest, stamp, *std::move(text)}, deadline);
  Answer answer = response.ok() ? hl7::ReadFindAnswer(AnswerOf(*response),
                                                      {stamp.message_id, stamp.query_id, question})
                                : ClassifyFault<Answer>(response.status());
  answer.message_id = stamp.message_id;
  return answer;
}

absl::StatusOr<ChangeAnswer> SoapMpiGateway::Send(const Change& change, absl::Time deadline) {
  const hl7::MessageStamp stamp = NewStamp();
  absl::StatusOr<std::string> text =
      TextOf(hl7::BuildChangeRequest(change, stamp, settings_.message));
  if (!text.ok()) return text.status();
  const absl::StatusOr<http::ClientResponse> response =
      Exchange({hl7::InteractionOf(change), stamp, *std::move(text)}, deadline);
  ChangeAnswer answer = response.ok() ? hl7::ReadAddAnswer(AnswerOf(*response), {stamp.message_id})
                                      : ClassifyFault<ChangeAnswer>(response.status());
  answer.message_id = stamp.message_id;
  return answer;
}

}  // namespace va::mpi
