// What a statement answered. Values are copied out on demand; nothing here points into a
// connection, so rows may outlive the lease they came from.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace va::store {

struct ResultHolder;
class Rows;

// One row, valid while its Rows live. NULL, or a value of another type, reads as the empty value of
// the type asked for: "", 0, false, the infinite past (so that a missing expiry is an expired one).
class Row {
 public:
  bool IsNull(int column) const;
  std::string Text(int column) const;
  std::optional<std::string> OptText(int column) const;
  int64_t Int(int column) const;
  double Double(int column) const;
  bool Bool(int column) const;
  absl::Time Time(int column) const;
  std::optional<absl::Time> OptTime(int column) const;
  std::string Bytes(int column) const;
  // A text[]; elements that are NULL read as "".
  std::vector<std::string> Texts(int column) const;

 private:
  friend class Rows;
  Row(const ResultHolder* result, int row) : result_(result), row_(row) {}
  absl::string_view Raw(int column) const;

  const ResultHolder* result_;
  int row_;
};

class Rows {
 public:
  explicit Rows(std::unique_ptr<const ResultHolder> result);
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) noexcept;
  ~Rows();

  int size() const;
  bool empty() const { return size() == 0; }
  Row operator[](int row) const { return {result_.get(), row}; }
  // Rows inserted, updated or deleted.
  int64_t affected() const;

  class Iterator {
   public:
    Iterator(const Rows* rows, int row) : rows_(rows), row_(row) {}
    Row operator*() const { return (*rows_)[row_]; }
    Iterator& operator++() {
      ++row_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return row_ != other.row_; }

   private:
    const Rows* rows_;
    int row_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

 private:
  std::unique_ptr<const ResultHolder> result_;
};

}  // namespace va::store
