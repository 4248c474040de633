// A host profile out of what `calibrate` has measured: which key follows from which primitives, and
// how sure that is. Only here is it decided what a measurement means for the model.
#pragma once

#include <string>
#include <vector>

#include "native/primitives.h"

namespace copypath {

/// One key of the profile.
struct ProfileKey {
  std::string key;
  std::string value;  ///< as in a scenario
  std::string how;    ///< the primitives and the formula
  std::string
      sureness;  ///< "sure", "fair", "rough", "assumed": from the spread, and what it is made of
};

std::vector<ProfileKey> host_profile(const std::vector<native::Measured>& measured,
                                     const native::HostFacts& facts);

/// The profile as a file that `host = ` accepts.
std::string profile_text(const std::vector<ProfileKey>& keys, const native::HostFacts& facts);

}  // namespace copypath
