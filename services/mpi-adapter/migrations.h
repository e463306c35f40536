// The SQL files of migrations/, compiled into the program.
#pragma once

#include "absl/types/span.h"
#include "lib/store/migrator.h"

namespace va::mpi {

absl::Span<const store::Migration> Migrations();

}  // namespace va::mpi
