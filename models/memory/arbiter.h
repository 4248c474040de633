// Who gets the next burst of the bus. Policies are plain classes: given which masters are ready,
// they name one. Used by burst timing; fair_shares.h is what they tend to.
#pragma once

#include <memory>
#include <vector>

#include "models/ledger/movement.h"
#include "models/platform/config.h"

namespace copypath {

class Arbiter {
public:
  virtual ~Arbiter() = default;

  struct Master {
    unsigned number;
    Agent agent;
  };

  /// The number of one of the `ready` masters (at least one, in ascending order).
  virtual unsigned pick(const std::vector<Master>& ready) = 0;

  static std::unique_ptr<Arbiter> make(Arbitration arbitration);
};

}  // namespace copypath
