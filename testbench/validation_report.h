// A validation as a text for the terminal, a page of docs/, a page for a browser, and a record.
#pragma once

#include <string>
#include <vector>

#include "testbench/host_profile.h"
#include "testbench/validation.h"

namespace copypath {

/// A whole validation.
struct Validation {
  std::string host;     ///< the profile that was used; empty: calibrated for this run
  std::string profile;  ///< its text
  bool timing = true;   ///< whether times were judged
  std::vector<ValidatedScenario> scenarios;
  std::size_t left_out = 0;  ///< scenarios, as the run was interrupted
  std::vector<Claim> verdicts;
};

std::string validation_text(const Validation& validation, std::size_t width);
std::string validation_markdown(const Validation& validation);
std::string validation_html(const Validation& validation);
std::string validation_json(const Validation& validation);

}  // namespace copypath
