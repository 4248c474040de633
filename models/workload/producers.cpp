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
    const double turn = static_cast<double>(number + 1) / config.broker.producers();
    producers_.push_back({number, interval_ * turn,
                          Stream(connection, PeerStream(config, packet()), kIdentification)});
  }
  SC_HAS_PROCESS(Producers);
  SC_THREAD(send_batches);
}

void Producers::expect_losses() {
  losses_ = true;
  for (Producer& producer : producers_) producer.stream.tcp.expect_losses(sc_time_stamp());
  look_again();
}

void Producers::send_batches() {
  for (;;) {
    read_arrivals();
    const sc_time timer = check_timers();
    Stretch stretch;
    std::size_t passed = 0;
    while (passed < producers_.size() && (stretch = next(producers_[next_])).empty()) {
      next_ = (next_ + 1) % producers_.size();
      ++passed;
    }
    if (passed == producers_.size()) {
      wait_for_arrival(next_work(timer));
      continue;
    }
    send_next(producers_[next_], stretch);
    next_ = (next_ + 1) % producers_.size();
  }
}

sc_time Producers::next_work(sc_time timer) const {
  sc_time next = timer;
  for (const Producer& producer : producers_) {
    if (due(producer, sc_time_stamp()) < total_) next = std::min(next, next_due(producer));
  }
  return next;
}

void Producers::read_arrivals() {
  for (const Packet* packet = arrived(); packet != nullptr; packet = arrived()) {
    const auto producer = std::find_if(
        producers_.begin(), producers_.end(),
        [packet](const Producer& one) { return one.stream.connection == packet->connection; });
    take(producer->stream, *packet);
    pop();
  }
}

/// When the next one ends.
sc_time Producers::check_timers() {
  sc_time first = sc_core::sc_max_time();
  if (!losses_) return first;
  for (Producer& producer : producers_) {
    first = std::min(first, producer.stream.tcp.check_timer(sc_time_stamp()));
  }
  return first;
}

/// What batches that are full by then hold, of the whole stream.
Bytes Producers::due(const Producer& producer, sc_time now) const {
  if (now < producer.first) return Bytes(0);
  const std::uint64_t batches = (now - producer.first).value() / interval_.value() + 1;
  return config_.batch * std::min<std::uint64_t>(batches, config_.batches);
}

sc_time Producers::next_due(const Producer& producer) const {
  const sc_time now = sc_time_stamp();
  if (now < producer.first) return producer.first;
  const std::uint64_t batches = (now - producer.first).value() / interval_.value() + 1;
  return producer.first + sc_time::from_value(interval_.value() * batches);
}

Producers::Stretch Producers::next(const Producer& producer) const {
  return producer.stream.tcp.next(due(producer, sc_time_stamp()));
}

void Producers::send_next(Producer& producer, const Stretch& stretch) {
  wait_for_wire(stretch);
  Content content;
  for (std::uint64_t at = stretch.begin; at < stretch.end;) {
    std::uint32_t file = layout_.files() + producer.number;  // of what will be compressed
    Bytes offset(at);
    Bytes part(stretch.end - at);
    if (!config_.compress) {
      const Bytes in_log = layout_.at_first() + offset;
      file = layout_.file(producer.number, in_log);
      offset = in_log - layout_.begin_of(file);
      part = std::min(part, layout_.segment() - offset);
    }
    media_.read(file, offset.count(), part, content);
    at += part.count();
  }
  send(producer.stream, stretch, content);
}

}  // namespace copypath
