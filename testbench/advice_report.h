// An advice as people read it, and as JSON.
#pragma once

#include <string>

#include "testbench/advice.h"

namespace copypath {

/// Which path to use and what it saves, all of them in a table, those that are ruled out with the
/// reasons, and what would matter next.
std::string advice_report(const Advice& advice, std::size_t width);

std::string advice_json(const std::string& scenario, const Advice& advice);

/// "nic.rate = 25Gbps".
std::string text_of(const Change& change);

}  // namespace copypath
