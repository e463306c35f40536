// The SQL files of migrations/, compiled into the program.
#pragma once

#include "absl/types/span.h"
#include "lib/store/migrator.h"

namespace va::attributes {

absl::Span<const store::Migration> Migrations();

}  // namespace va::attributes
