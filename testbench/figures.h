// Numbers as people read them: three significant digits with a decimal unit.
#pragma once

#include <optional>
#include <string>

#include "models/ledger/result.h"

namespace copypath {

/// "20.0 GB", "1.18 GB/s", "8.51 s", "152,600", "2.00", "52.1 %"; "-" for what is not known.
std::string figure(std::optional<double> value, Unit unit);

/// A share of one in per cent.
std::string percent(std::optional<double> share);

/// The value in `result` of a metric of metrics(); utilisations in per cent.
std::string figure(const Result& result, const std::string& metric);

}  // namespace copypath
