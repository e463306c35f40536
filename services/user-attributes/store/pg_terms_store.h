// Answers to terms of use in PostgreSQL: rows are inserted and read, never changed, and the
// database itself refuses anything else. Nothing in them says who a person is beside the account.
#pragma once

#include "lib/store/pool.h"
#include "services/user-attributes/domain/ports.h"

namespace va::attributes {

class PgTermsStore final : public TermsStore {
 public:
  // The pool outlives the store.
  explicit PgTermsStore(store::Pool& pool) : pool_(pool) {}

  absl::StatusOr<TermsAnswer> Record(absl::string_view account_id, absl::string_view request_id,
                                     const TermsAnswer& answer, absl::Time deadline) override;
  absl::StatusOr<std::optional<TermsAnswer>> Latest(absl::string_view account_id,
                                                    absl::string_view document,
                                                    absl::Time deadline) override;

 private:
  store::Pool& pool_;
};

}  // namespace va::attributes
