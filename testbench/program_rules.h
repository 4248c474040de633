// Rules between keys that are about programs on the machine itself, which send nothing: what reads
// a file, copies one, or writes into a pipe.
#pragma once

#include <vector>

#include "testbench/rules.h"

namespace copypath {

std::vector<Rule> program_rules();

}  // namespace copypath
