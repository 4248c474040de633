#include "models/ledger/text_lane.h"

#include "models/ledger/vcd_file.h"

namespace copypath {

void TextLane::trace(sc_core::sc_trace_file* file, const std::string& name) const {
  dynamic_cast<VcdFile&>(*file).trace_text(text_, characters_, name);
}

}  // namespace copypath
