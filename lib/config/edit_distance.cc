#include "lib/config/edit_distance.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace va::config {

size_t EditDistance(absl::string_view a, absl::string_view b) {
  // Three rows of the usual table are enough: the swap looks two rows back.
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> above(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

std::string Nearest(absl::string_view word, const std::vector<std::string>& known) {
  // A third of the letters may be wrong; further off it would be a guess, not a help.
  // A word of which no letter is right was never meant.
  size_t best = std::min(std::max<size_t>(2, word.size() / 3) + 1, word.size());
  std::string nearest;
  for (const std::string& candidate : known) {
    if (absl::EqualsIgnoreCase(word, candidate)) return candidate;
    const size_t distance = EditDistance(word, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace va::config
