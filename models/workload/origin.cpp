#include "models/workload/origin.h"

#include <algorithm>

namespace copypath {

using sc_core::sc_time_stamp;

Origin::Origin(const sc_core::sc_module_name& name, const Config& config, Media& media)
    : TcpPeer(name, config),
      clients_(config.workload.clients),
      media_(media),
      new_stream_(0, PeerStream(config, packet()), 1) {  // identification: that of the SYN
  SC_HAS_PROCESS(Origin);
  SC_THREAD(serve);
}

void Origin::expect_losses() {
  losses_ = true;
  new_stream_.tcp.expect_losses(sc_time_stamp());
  for (Stream& stream : streams_) stream.tcp.expect_losses(sc_time_stamp());
  look_again();
}

void Origin::serve() {
  for (;;) {
    read_arrivals();
    const sc_time timer = check_timers();
    Stretch stretch;
    std::uint32_t passed = 0;
    while (passed < streams_.size() && (stretch = next(streams_[next_])).empty()) {
      next_ = (next_ + 1) % clients_;
      ++passed;
    }
    if (passed == streams_.size()) {
      wait_for_arrival(timer);
      continue;
    }
    send_next(streams_[next_], stretch);
    next_ = (next_ + 1) % clients_;
  }
}

void Origin::read_arrivals() {
  for (const Packet* packet = arrived(); packet != nullptr; packet = arrived()) {
    while (streams_.size() < clients_) {
      streams_.push_back(new_stream_);
      streams_.back().connection = clients_ + static_cast<std::uint32_t>(streams_.size()) - 1;
    }
    take(streams_[packet->connection - clients_], *packet);
    pop();
  }
}

/// When the next one ends.
sc_time Origin::check_timers() {
  sc_time first = sc_core::sc_max_time();
  if (!losses_) return first;
  for (Stream& stream : streams_) first = std::min(first, stream.tcp.check_timer(sc_time_stamp()));
  return first;
}

/// What the stream sends next, of one file.
Origin::Stretch Origin::next(const Stream& stream) const {
  if (stream.requests == 0 || media_.file_size() == Bytes(0)) return {};
  const Bytes sent = stream.tcp.sent();
  Stretch stretch = stream.tcp.next(std::min(asked(stream), sent + rest_of_file(sent)));
  stretch.end = std::min(stretch.end, stretch.begin + rest_of_file(Bytes(stretch.begin)).count());
  return stretch;
}

void Origin::send_next(Stream& stream, const Stretch& stretch) {
  wait_for_wire(stretch);
  Content content;
  media_.read((stream.connection - clients_) % media_.files(),
              stretch.begin % media_.file_size().count(), Bytes(stretch.end - stretch.begin),
              content);
  send(stream, stretch, content);
}

}  // namespace copypath
