// How a key of a host profile follows from primitives: by a formula, if all of them could be
// measured, and as surely as the least sure of them. What the formulas are: host_profile.cpp.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "native/primitives.h"
#include "testbench/host_profile.h"

namespace copypath {

/// "sure", "fair" or "rough": how much the least of the batches can be trusted.
const char* sureness_of(double variation);

/// What was measured, by name of the primitive.
class Figures {
public:
  explicit Figures(const std::vector<native::Measured>& measured) {
    for (const native::Measured& one : measured) {
      if (one.missing.empty()) spreads_[one.name] = one.spread;
    }
  }

  bool has(const std::string& name) const { return spreads_.count(name) != 0; }
  /// The least of the batches, in seconds per unit. These throw std::out_of_range for what was not
  /// measured.
  double operator[](const std::string& name) const { return spreads_.at(name).least; }
  double median(const std::string& name) const { return spreads_.at(name).median; }
  double variation(const std::string& name) const { return spreads_.at(name).variation; }

private:
  std::map<std::string, native::Spread> spreads_;
};

class Derivation {
public:
  explicit Derivation(const std::vector<native::Measured>& measured) : t_(measured) {}

protected:
  /// A cost, which is not negative, and a rate, of which the reciprocal is given. Neither is
  /// derived without all its primitives.
  void time(const char* key, std::initializer_list<const char*> from,
            const std::function<double()>& seconds, const char* how);
  void rate(const char* key, std::initializer_list<const char*> from,
            const std::function<double()>& seconds_per_byte, const char* how);
  /// What follows from no formula.
  void fact(const char* key, const std::string& value, const char* how, const char* sureness);

  /// A key that has been derived or remembered, in seconds or bytes; 0 if it could not be.
  double value(const char* key) const;
  void remember(const char* key, double value) { values_[key] = value; }

  const std::vector<ProfileKey>& derived() const { return keys_; }

  const Figures t_;

private:
  void derive(const char* key, std::initializer_list<const char*> from,
              const std::function<double()>& seconds, std::string (*text)(double), const char* how);

  std::map<std::string, double> values_;
  std::vector<ProfileKey> keys_;
};

}  // namespace copypath
