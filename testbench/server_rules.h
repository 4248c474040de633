// Rules between keys that are about one kind of server: the web server and the log broker.
#pragma once

#include <vector>

#include "testbench/rules.h"

namespace copypath {

std::vector<Rule> server_rules();

}  // namespace copypath
