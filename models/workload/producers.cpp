#include "models/workload/producers.h"

#include <algorithm>

#include "models/nic/queues.h"

namespace copypath {

using sc_core::sc_time_stamp;

Producers::Producers(const sc_core::sc_module_name& name, const Config& config, unsigned nic,
                     Media& media)
    : TcpPeer(name, config),
      config_(config.broker),
      layout_(config),
      clients_(config.workload.clients),
      interval_(config.broker.batch_interval()),
      total_(config.broker.batch * config.broker.batches),
      media_(media) {
  constexpr std::uint16_t kIdentification = 2;  // IP's: SYN and ACK
  for (unsigned number = 0; number < config.broker.producers(); ++number) {
    const std::uint32_t connection = clients_ + number;
    if (nic_of(connection, config.nic.count) != nic) continue;
    add({connection, PeerStream(config, packet()), kIdentification});
  }
}

/// When it is full: the producers take turns.
sc_time Producers::first_batch(const Stream& stream) const {
  const double turn = static_cast<double>(number_of(stream) + 1) / config_.producers();
  return interval_ * turn;
}

/// What batches that are full now hold, of the whole stream.
Bytes Producers::due(const Stream& stream) const {
  const sc_time now = sc_time_stamp();
  const sc_time first = first_batch(stream);
  if (now < first) return Bytes(0);
  const std::uint64_t batches = (now - first).value() / interval_.value() + 1;
  return config_.batch * std::min<std::uint64_t>(batches, config_.batches);
}

/// When the next one is full.
sc_time Producers::next_due(const Stream& stream) const {
  const sc_time now = sc_time_stamp();
  const sc_time first = first_batch(stream);
  if (now < first) return first;
  const std::uint64_t batches = (now - first).value() / interval_.value() + 1;
  return first + sc_time::from_value(interval_.value() * batches);
}

Producers::Stretch Producers::next(const Stream& stream) const {
  return stream.tcp.next(due(stream));
}

sc_time Producers::next_work() const {
  sc_time next = sc_core::sc_max_time();
  for (const Stream& stream : streams_) {
    if (due(stream) < total_) next = std::min(next, next_due(stream));
  }
  return next;
}

void Producers::read(const Stream& stream, const Stretch& stretch, Content& content) {
  const unsigned number = number_of(stream);
  for (std::uint64_t at = stretch.begin; at < stretch.end;) {
    std::uint32_t file = layout_.files() + number;  // of what will be compressed
    Bytes offset(at);
    Bytes part(stretch.end - at);
    if (!config_.compress) {
      const Bytes in_log = layout_.at_first() + offset;
      file = layout_.file(number, in_log);
      offset = in_log - layout_.begin_of(file);
      part = std::min(part, layout_.segment() - offset);
    }
    media_.read(file, offset.count(), part, content);
    at += part.count();
  }
}

}  // namespace copypath
