#include "models/workload/log_broker.h"

#include <algorithm>

#include "models/workload/response.h"

namespace copypath {

using sc_core::sc_time_stamp;

LogBroker::LogBroker(const Config& config, const Path& path, Kernel& kernel, PhysicalMemory& memory,
                     Cpu& cpu, Clients& clients, unsigned threads)
    : config_(config),
      path_(path),
      kernel_(kernel),
      clients_(clients),
      layout_(config),
      memory_(memory),
      logs_(layout_.logs()),
      accounts_(config.workload.clients) {
  for (unsigned log = 0; log < layout_.logs(); ++log) {
    logs_[log].number = log;
    logs_[log].end = logs_[log].committed = layout_.at_first();
    for (unsigned segment = 0; segment < layout_.segments(); ++segment) {
      logs_[log].segments.push_back(kernel.page_cache.open(log * layout_.segments() + segment));
    }
  }
  if (config.broker.producers() > 0) {
    write_back_ = std::make_unique<WriteBack>("write_back", config.page_cache, cpu, threads,
                                              kernel.page_cache, kernel.block, kernel.timer);
  }
  for (std::uint32_t client = 0; client < config.workload.clients; ++client) {
    accounts_[client].follower = is_follower(client);
    if (is_follower(client)) logs_[layout_.log_of(client)].followers.emplace_back();
  }
}

void LogBroker::serve(Connection& c) {
  Log& log = logs_[layout_.log_of(c.number())];
  const Requests& wanted = clients_.requests();
  Bytes at;
  for (std::uint64_t part = 0; part < wanted.count(c.number()); ++part) {
    const Request request = wanted.at(c.number(), part);
    const Bytes begin = layout_.begin_of(request.file);
    at = begin + request.offset;
    while (at < begin + request.offset + request.bytes) {
      const Bytes there = take_fetch(c, log, at);
      const Bytes bytes =
          std::min({config_.broker.fetch, there, begin + request.offset + request.bytes - at});
      answer(c, log, request.file, at - begin, bytes);
      if (c.file.failed) {
        leave(c);
        return clients_.abort(c.number(), c.socket.accepted());
      }
      at += bytes;
    }
  }
  if (is_follower(c.number())) take_fetch(c, log, at);  // which says that it has the last records
}

/// A fetch from there on: returns how much there is for it, in the end.
Bytes LogBroker::take_fetch(Connection& c, Log& log, Bytes from) {
  c.socket.receive_request(c.task);
  { const SystemCall recv(c.kernel, c.task, Call::kRecv); }
  report(c.number(), from);
  if (from < layout_.in_the_end()) wait_for_records(c, log, from);
  return visible(log, c.number()) - std::min(from, visible(log, c.number()));
}

/// A follower that fetches from there on has all that comes before.
void LogBroker::report(std::uint32_t client, Bytes from) {
  if (!is_follower(client)) return;
  Log& log = logs_[layout_.log_of(client)];
  const std::uint32_t first = config_.workload.clients - config_.broker.followers;
  log.followers[(client - first) / layout_.logs()] = from;  // the log's, in turn
  commit(log);
}

/// What all followers have, consumers may have.
void LogBroker::commit(Log& log) {
  Bytes all = log.end;
  for (const Bytes& follower : log.followers) all = std::min(all, follower);
  log.committed = std::max(log.committed, all);
  log.records.wake_all();
}

void LogBroker::leave(const Connection& connection) {
  report(connection.number(), layout_.in_the_end());
}

// DelayedFetch: until there is enough, or it has taken too long.
void LogBroker::wait_for_records(Connection& c, Log& log, Bytes from) {
  c.task.settle();
  const Bytes enough = from + config_.broker.fetch_min;
  const std::uint32_t client = c.number();
  if (visible(log, client) >= enough) return;
  const sc_time end = sc_time_stamp() + config_.broker.fetch_wait;
  kernel_.timer.wake_at(end, log.records);
  c.task.wait_until(log.records, [&, client, enough, end] {
    return visible(log, client) >= enough || sc_time_stamp() >= end;
  });
}

void LogBroker::answer(Connection& c, Log& log, std::uint32_t file, Bytes offset, Bytes bytes) {
  OpenFile& segment = log.segments[file % layout_.segments()];
  c.task.settle();
  const sc_time begin = sc_time_stamp();
  c.file = segment;  // one file for all that fetch from it, with one readahead
  c.file.size = layout_.size_of(file, log.end);
  c.file.position = offset;
  c.file.end = offset + bytes;
  clients_.answer(c.number(), bytes);
  begin_response(c, path_, {config_.broker.header, false});
  if (bytes > Bytes(0)) path_.serve(c);
  segment.readahead = c.file.readahead;
  c.task.settle();
  FetchAccount& account = accounts_[c.number()];
  if (bytes > Bytes(0)) account.times.add(sc_time_stamp() - begin);
  account.pages += c.file.pages_taken;
  account.misses += c.file.pages_missed;
}

}  // namespace copypath
