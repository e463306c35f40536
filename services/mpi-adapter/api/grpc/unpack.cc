#include "services/mpi-adapter/api/grpc/unpack.h"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status.h"

namespace va::mpi {
namespace {

using identity::BirthDate;
using identity::CspId;
using identity::PersonText;
using identity::Ssn;

// Above anything a person has, far below what would hurt.
constexpr std::size_t kLongestId = 128;
constexpr std::size_t kLongestText = 512;
constexpr int kMostStreetLines = 8;

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, message);
}

// A field, by the name it has on the wire.
struct Field {
  absl::string_view name;
  const std::string& value;
  std::size_t longest = kLongestText;
};

absl::Status CheckLengths(std::initializer_list<Field> fields) {
  for (const Field& field : fields) {
    if (field.value.size() > field.longest) {
      return Refuse("FIELD_TOO_LONG", absl::StrCat(field.name, ": too long"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPresent(std::initializer_list<Field> fields) {
  for (const Field& field : fields) {
    if (field.value.empty()) {
      return Refuse("FIELD_MISSING", absl::StrCat(field.name, ": required"));
    }
  }
  return absl::OkStatus();
}

// Ids are the caller's choice; our own calls bring one in the metadata and may leave this empty.
absl::Status CheckRequestId(const std::string& id) {
  return id.size() <= kLongestId ? absl::OkStatus() : Refuse("REQUEST_ID", "request_id: too long");
}

absl::StatusOr<SearchType> UnpackSearch(v1::SearchType search) {
  switch (search) {
    case v1::SEARCH_TYPE_UNSPECIFIED:
    case v1::SEARCH_TYPE_RELATIONSHIPS:
      return SearchType::kRelationships;
    case v1::SEARCH_TYPE_CORRELATIONS:
      return SearchType::kCorrelations;
    case v1::SEARCH_TYPE_ICN_HISTORY:
      return SearchType::kIcnHistory;
    case v1::SearchType_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::SearchType_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Refuse("SEARCH_TYPE_UNKNOWN", "search_type is not supported");
}

absl::StatusOr<View> UnpackView(v1::View view) {
  switch (view) {
    case v1::VIEW_UNSPECIFIED:
    case v1::VIEW_PRIMARY:
      return View::kPrimary;
    case v1::VIEW_CORRELATION:
      return View::kCorrelation;
    case v1::View_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::View_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Refuse("VIEW_UNKNOWN", "view is not supported");
}

absl::StatusOr<IdentifierType> UnpackType(v1::IdentifierType type) {
  switch (type) {
    case v1::IDENTIFIER_TYPE_ICN:
      return IdentifierType::kIcn;
    case v1::IDENTIFIER_TYPE_IDME:
      return IdentifierType::kIdme;
    case v1::IDENTIFIER_TYPE_LOGINGOV:
      return IdentifierType::kLogingov;
    case v1::IDENTIFIER_TYPE_MHV:
      return IdentifierType::kMhv;
    case v1::IDENTIFIER_TYPE_EDIPI:
      return IdentifierType::kEdipi;
    case v1::IDENTIFIER_TYPE_FACILITY:
    case v1::IDENTIFIER_TYPE_UNSPECIFIED:
    case v1::IdentifierType_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::IdentifierType_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Refuse("IDENTIFIER_TYPE_UNKNOWN", "identifier type is not supported");
}

absl::StatusOr<Question> UnpackFacility(const v1::ByIdentifier& wire) {
  const absl::Status present =
      CheckPresent({{"identifier.facility", wire.facility()}, {"identifier.value", wire.value()}});
  if (!present.ok()) return present;
  return Question(ByFacility{wire.facility(), CspId::FromWire(wire.value())});
}

absl::StatusOr<Question> UnpackIdentifier(const v1::ByIdentifier& wire) {
  const absl::Status lengths = CheckLengths({{"identifier.value", wire.value(), kLongestId},
                                             {"identifier.facility", wire.facility(), kLongestId}});
  if (!lengths.ok()) return lengths;
  if (wire.type() == v1::IDENTIFIER_TYPE_FACILITY) return UnpackFacility(wire);
  const absl::StatusOr<IdentifierType> type = UnpackType(wire.type());
  if (!type.ok()) return type.status();
  if (!wire.facility().empty()) {
    return Refuse("FIELD_UNEXPECTED", "identifier.facility: only with IDENTIFIER_TYPE_FACILITY");
  }
  if (absl::Status present = CheckPresent({{"identifier.value", wire.value()}}); !present.ok()) {
    return present;
  }
  return Question(ByIdentifier{*type, CspId::FromWire(wire.value())});
}

absl::StatusOr<Question> UnpackTraits(const v1::ByTraits& wire) {
  const absl::Status lengths = CheckLengths({{"first_name", wire.first_name()},
                                             {"middle_name", wire.middle_name()},
                                             {"last_name", wire.last_name()},
                                             {"birth_date", wire.birth_date(), kLongestId},
                                             {"ssn", wire.ssn(), kLongestId},
                                             {"gender", wire.gender(), kLongestId},
                                             {"edipi", wire.edipi(), kLongestId}});
  if (!lengths.ok()) return lengths;
  ByTraits traits;
  traits.first_name = PersonText::FromWire(wire.first_name());
  traits.middle_name = PersonText::FromWire(wire.middle_name());
  traits.last_name = PersonText::FromWire(wire.last_name());
  traits.birth_date = BirthDate::FromWire(wire.birth_date());
  traits.ssn = Ssn::FromWire(wire.ssn());
  traits.gender = PersonText::FromWire(wire.gender());
  traits.edipi = CspId::FromWire(wire.edipi());
  return Question(std::move(traits));
}

absl::Status QuestionMissing() {
  return Refuse("QUESTION_MISSING", "the request holds no question");
}

absl::StatusOr<Question> With(absl::StatusOr<Question> question, v1::SearchType wire_search,
                              v1::View wire_view) {
  if (!question.ok()) return question;
  const absl::StatusOr<SearchType> search = UnpackSearch(wire_search);
  if (!search.ok()) return search.status();
  const absl::StatusOr<View> view = UnpackView(wire_view);
  if (!view.ok()) return view.status();
  question->search = *search;
  question->view = *view;
  return question;
}

absl::Status CheckAddress(const common::v1::Address& wire) {
  if (wire.street_size() > kMostStreetLines) {
    return Refuse("FIELD_TOO_LONG", "address.street: too many lines");
  }
  for (const std::string& line : wire.street()) {
    if (absl::Status good = CheckLengths({{"address.street", line}}); !good.ok()) return good;
  }
  return CheckLengths({{"address.city", wire.city()},
                       {"address.state", wire.state()},
                       {"address.postal_code", wire.postal_code()},
                       {"address.country", wire.country()}});
}

PostalAddress UnpackAddress(const common::v1::Address& wire) {
  PostalAddress address;
  for (const std::string& line : wire.street()) {
    address.street.push_back(PersonText::FromWire(line));
  }
  address.city = PersonText::FromWire(wire.city());
  address.state = PersonText::FromWire(wire.state());
  address.postal_code = PersonText::FromWire(wire.postal_code());
  address.country = PersonText::FromWire(wire.country());
  return address;
}

// What an add and an update have in common.
template <typename Request>
absl::Status CheckPerson(const Request& request) {
  absl::Status good = CheckRequestId(request.request_id());
  if (good.ok()) {
    good = CheckLengths({{"idme_uuid", request.idme_uuid(), kLongestId},
                         {"logingov_uuid", request.logingov_uuid(), kLongestId},
                         {"first_name", request.first_name()},
                         {"last_name", request.last_name()},
                         {"birth_date", request.birth_date(), kLongestId},
                         {"ssn", request.ssn(), kLongestId},
                         {"email", request.email()}});
  }
  if (good.ok()) good = CheckAddress(request.address());
  if (!good.ok()) return good;
  return CheckPresent({{"last_name", request.last_name()}, {"birth_date", request.birth_date()}});
}

template <typename Request, typename Person>
void UnpackPerson(const Request& request, Person& person) {
  person.idme_uuid = CspId::FromWire(request.idme_uuid());
  person.logingov_uuid = CspId::FromWire(request.logingov_uuid());
  person.first_name = PersonText::FromWire(request.first_name());
  person.last_name = PersonText::FromWire(request.last_name());
  person.birth_date = BirthDate::FromWire(request.birth_date());
  person.ssn = Ssn::FromWire(request.ssn());
  person.email = PersonText::FromWire(request.email());
  if (request.has_address()) person.address = UnpackAddress(request.address());
}

}  // namespace

absl::StatusOr<Question> UnpackQuestion(const v1::GetProfileRequest& request) {
  if (absl::Status id = CheckRequestId(request.request_id()); !id.ok()) return id;
  switch (request.question_case()) {
    case v1::GetProfileRequest::kByIdentifier:
      return With(UnpackIdentifier(request.by_identifier()), request.search_type(),
                  v1::VIEW_UNSPECIFIED);
    case v1::GetProfileRequest::kByTraits:
      return With(UnpackTraits(request.by_traits()), request.search_type(), v1::VIEW_UNSPECIFIED);
    case v1::GetProfileRequest::QUESTION_NOT_SET:
      break;
  }
  return QuestionMissing();
}

absl::StatusOr<Question> UnpackQuestion(const v1::FindByIdentifierRequest& request) {
  if (absl::Status id = CheckRequestId(request.request_id()); !id.ok()) return id;
  if (!request.has_identifier()) return QuestionMissing();
  return With(UnpackIdentifier(request.identifier()), request.search_type(), request.view());
}

absl::StatusOr<Question> UnpackQuestion(const v1::FindByAttributesRequest& request) {
  if (absl::Status id = CheckRequestId(request.request_id()); !id.ok()) return id;
  if (!request.has_traits()) return QuestionMissing();
  return With(UnpackTraits(request.traits()), request.search_type(), v1::VIEW_UNSPECIFIED);
}

absl::StatusOr<Question> UnpackQuestion(const v1::InvalidateRequest& request) {
  if (absl::Status id = CheckRequestId(request.request_id()); !id.ok()) return id;
  if (!request.has_identifier()) return QuestionMissing();
  return UnpackIdentifier(request.identifier());
}

absl::StatusOr<Freshness> UnpackFreshness(v1::Freshness freshness) {
  switch (freshness) {
    case v1::FRESHNESS_UNSPECIFIED:
    case v1::FRESHNESS_FLAGS:
      return Freshness::kFlags;
    case v1::FRESHNESS_PROFILE:
      return Freshness::kProfile;
    case v1::FRESHNESS_ASK:
      return Freshness::kAsk;
    case v1::Freshness_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::Freshness_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Refuse("FRESHNESS_UNKNOWN", "freshness is not supported");
}

absl::StatusOr<AddPerson> UnpackAdd(const v1::AddPersonImplicitRequest& request) {
  if (absl::Status good = CheckPerson(request); !good.ok()) return good;
  if (request.idme_uuid().empty() && request.logingov_uuid().empty()) {
    return Refuse("FIELD_MISSING", "idme_uuid or logingov_uuid: required");
  }
  AddPerson person;
  UnpackPerson(request, person);
  return person;
}

absl::StatusOr<CspId> UnpackProxy(const v1::AddPersonProxyRequest& request) {
  absl::Status good = CheckRequestId(request.request_id());
  if (good.ok()) good = CheckLengths({{"icn", request.icn(), kLongestId}});
  if (good.ok()) good = CheckPresent({{"icn", request.icn()}});
  if (!good.ok()) return good;
  return CspId::FromWire(request.icn());
}

absl::StatusOr<UpdatePerson> UnpackUpdate(const v1::UpdateProfileRequest& request) {
  absl::Status good = CheckPerson(request);
  if (good.ok()) {
    good =
        CheckLengths({{"icn", request.icn(), kLongestId}, {"edipi", request.edipi(), kLongestId}});
  }
  if (good.ok()) good = CheckPresent({{"icn", request.icn()}, {"email", request.email()}});
  if (!good.ok()) return good;
  if (request.edipi().empty() && request.logingov_uuid().empty() && request.idme_uuid().empty()) {
    return Refuse("FIELD_MISSING", "edipi, logingov_uuid or idme_uuid: required");
  }
  UpdatePerson person;
  UnpackPerson(request, person);
  person.icn = identity::Icn::FromWire(request.icn());
  person.edipi = CspId::FromWire(request.edipi());
  return person;
}

absl::Status CheckGcIds(const v1::ParseGcIdsRequest& request) {
  return CheckLengths({{"gc_ids", request.gc_ids(), std::size_t{kLongestGcIds}}});
}

}  // namespace va::mpi
