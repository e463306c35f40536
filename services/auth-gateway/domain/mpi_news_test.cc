#include "services/auth-gateway/domain/mpi_news.h"

#include <catch2/catch.hpp>
#include <set>

#include "services/auth-gateway/domain/records.h"

namespace va::gateway {
namespace {

SessionRecord Session() {
  SessionRecord session;
  session.flow_id = "flow-1";
  session.assurance.loa_current = 3;
  session.person.icn = identity::Icn::FromWire("1000000001V000001");
  return session;
}

MpiUpdate Changed() { return {MpiUpdate::Reason::kCredentialChanged, true, "person"}; }

TEST_CASE("MpiNews: is about the person of the session", "[mpi_news]") {
  const MpiNews news = NewsOf(Session(), Changed());
  CHECK(news.flow_id == "flow-1");
  CHECK(news.loa_current == 3);
  CHECK(news.icn.Reveal() == "1000000001V000001");
  CHECK(news.update.person == "person");
}

TEST_CASE("MpiNews: an update needs the ICN and an e-mail (mpi_mhv.md 1.8), an add neither",
          "[mpi_news]") {
  CHECK(WhyUntellable(NewsOf(Session(), Changed())).empty());
  SessionRecord hidden = Session();  // its ICN is in conflict (decision R3)
  hidden.person.icn = {};
  CHECK(WhyUntellable(NewsOf(hidden, Changed())) == "NO_ICN");
  MpiUpdate silent = Changed();
  silent.has_email = false;
  CHECK(WhyUntellable(NewsOf(Session(), silent)) == "NO_EMAIL");
  CHECK(WhyUntellable(NewsOf(hidden, MpiUpdate{})).empty());
}

TEST_CASE("MpiNews: every word of an outcome is its own", "[mpi_news]") {
  std::set<std::string> words;
  for (const MpiTold told : {MpiTold::kDone, MpiTold::kKnown, MpiTold::kOtherPerson,
                             MpiTold::kRefused, MpiTold::kUnavailable}) {
    words.insert(std::string(ToString(told)));
  }
  CHECK(words.size() == 5);
  CHECK(ToString(MpiUpdate::Reason::kCredentialUnknown) !=
        ToString(MpiUpdate::Reason::kCredentialChanged));
}

}  // namespace
}  // namespace va::gateway
