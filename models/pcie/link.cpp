// Rates by arithmetic: how many bytes a transfer puts on the link, and what the link carries.
#include "models/pcie/link.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace copypath {

namespace {

/// Per lane, in bytes per second: transfers of one bit, eight in ten or 128 in 130 of which count.
Rate lane(unsigned generation) {
  constexpr std::array<double, 5> kTransfers{2.5e9, 5e9, 8e9, 16e9, 32e9};
  const double encoding = generation <= 2 ? 8.0 / 10 : 128.0 / 130;
  return Rate::bits(kTransfers.at(generation - 1) * encoding);
}

/// Symbol times between two acknowledgements, and between two updates of flow control, as the
/// specification recommends them: (largest packet) x factor / lanes + delay of the logic.
double update_interval(const PcieSlot& slot, Bytes max_payload) {
  const bool small = max_payload.count() <= 256;
  double factor = small ? 1.4 : 1.0;
  if (slot.lanes == 8 && small) factor = 2.5;
  if (slot.lanes >= 16) factor = small ? 3.0 : 2.0;
  const double delay = slot.generation == 1 ? 19 : slot.generation == 2 ? 70 : 115;
  constexpr double kTlpOverhead = 28;
  const double packet = static_cast<double>(max_payload.count()) + kTlpOverhead;
  return std::floor(packet * factor / slot.lanes + delay);
}

constexpr double kDllp = 8;  // bytes of a data link layer packet, framing included
constexpr double kSkip = 4;
constexpr double kSkipInterval = 1538;

}  // namespace

PcieLink::PcieLink(const PcieSlot& slot, const PcieConfig& config)
    : max_payload_(config.max_payload),
      max_read_request_(config.max_read_request),
      read_completion_(config.read_completion == Bytes(0)
                           ? config.max_payload
                           : std::min(config.read_completion, config.max_payload)),
      raw_(lane(slot.generation) * slot.lanes),
      for_packets_(raw_ *
                   (1 - 2 * kDllp / update_interval(slot, max_payload_) - kSkip / kSkipInterval)),
      page_written_(written(kPageSize)),
      page_read_(fetched(kPageSize)) {}

Bytes PcieLink::written(Bytes piece) const {
  return piece + kWriteOverhead * units_covering(piece, max_payload_);
}

PcieLink::Use PcieLink::fetched(Bytes piece) const {
  return {piece + kCompletionOverhead * units_covering(piece, read_completion_),
          kRequestOverhead * units_covering(piece, max_read_request_)};
}

Rate PcieLink::rate(Bytes payload, const Use& use) const {
  const double wire = static_cast<double>(std::max(use.payload, use.requests).count());
  return for_packets_ * (static_cast<double>(payload.count()) / std::max(1.0, wire));
}

Rate PcieLink::read(const SegmentList& pieces) const {
  Use use;
  for (const Segment& piece : pieces) {
    const Use more = read_wire(Bytes(piece.bytes));
    use.payload += more.payload;
    use.requests += more.requests;
  }
  return rate(size_of(pieces), use);
}

}  // namespace copypath
