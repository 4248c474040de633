#include "models/workload/origin.h"

#include <algorithm>

namespace copypath {

Origin::Origin(const sc_core::sc_module_name& name, const Config& config, Media& media)
    : TcpPeer(name, config),
      clients_(config.workload.clients),
      media_(media),
      new_stream_(config, packet()) {}

// There is none before anybody asks.
TcpPeer::Stream& Origin::stream_of(std::uint32_t connection) {
  constexpr std::uint16_t kIdentification = 1;  // IP's: that of the SYN
  for (auto client = static_cast<unsigned>(streams_.size()); client < clients_; ++client) {
    add({clients_ + client, new_stream_, kIdentification});
  }
  return streams_[connection - clients_];
}

/// Of one file.
Origin::Stretch Origin::next(const Stream& stream) const {
  if (stream.requests == 0 || media_.file_size() == Bytes(0)) return {};
  const Bytes sent = stream.tcp.sent();
  Stretch stretch = stream.tcp.next(std::min(asked(stream), sent + rest_of_file(sent)));
  stretch.end = std::min(stretch.end, stretch.begin + rest_of_file(Bytes(stretch.begin)).count());
  return stretch;
}

void Origin::read(const Stream& stream, const Stretch& stretch, Content& content) {
  media_.read((stream.connection - clients_) % media_.files(),
              stretch.begin % media_.file_size().count(), Bytes(stretch.end - stretch.begin),
              content);
}

}  // namespace copypath
