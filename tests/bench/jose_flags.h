// What the two halves of the benchmark of tokens share.
#pragma once

namespace va::bench {

struct JoseFlags {
  int rounds = 21;
  int times = 300;  // operations in each round; slow ones are repeated less often
};

}  // namespace va::bench
