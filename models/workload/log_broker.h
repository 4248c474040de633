// A log broker, as Kafka is one: consumers, and followers that keep replicas, fetch a log from an
// offset on, so many bytes at most, again and again. A fetch that finds too little waits for
// records, up to a limit. A response is a header and a stretch of one segment, sent down the path
// under test. Consumers see what all followers have fetched (the high watermark), followers
// everything.
// Follows ReplicaManager.fetchMessages(), DelayedFetch and NetworkSend of Kafka 3.x. Left out: the
// index that finds an offset in a segment, parsing, several partitions in one fetch, groups, a
// leader that waits for its followers before it answers a producer (acks=all), handing requests
// from network threads to others.
#pragma once

#include <deque>
#include <vector>

#include "models/kernel/write_back.h"
#include "models/ledger/histogram.h"
#include "models/paths/path.h"
#include "models/workload/clients.h"
#include "models/workload/connection.h"
#include "models/workload/log.h"

namespace copypath {

/// What one consumer or follower has cost.
struct FetchAccount {
  bool follower = false;
  Histogram times;  ///< from when there was something to send until the socket had all of it
  std::uint64_t pages = 0;   ///< that its fetches took from the page cache
  std::uint64_t misses = 0;  ///< pages that they had read from the disk, read ahead or not
};

class LogBroker {
public:
  /// `threads`: tasks of the server, after which the flusher's has its number.
  LogBroker(const Config& config, const Path& path, Kernel& kernel, PhysicalMemory& memory,
            Cpu& cpu, Clients& clients, unsigned threads);

  /// A producer's connection, of which a thread takes care.
  void add_producer(unsigned number, Task& task);
  /// The program of that connection: appends what comes until everything has come.
  void take_batches(unsigned producer);

  /// The program of a consumer's or follower's connection: answers until it has everything.
  void serve(Connection& connection);
  /// Its client has gone: nobody waits for a follower any more.
  void leave(const Connection& connection);

  /// By client.
  const std::vector<FetchAccount>& accounts() const { return accounts_; }
  Bytes appended() const;
  /// Nullptr: nobody appends anything.
  const WriteBack* write_back() const { return write_back_.get(); }

private:
  struct Log {
    unsigned number;
    Bytes end;
    std::vector<Bytes> followers;  ///< from where each of them has fetched last
    Bytes committed;               ///< what all of them have
    std::vector<OpenFile> segments;
    WaitQueue records{"wait records", true};
  };

  struct Producer {
    Task& task;
    TcpReceiver socket;
    std::uint64_t buffer;  ///< addresses, each of a batch
    std::uint64_t second;
  };

  SegmentList receive_batch(Producer& producer);
  SegmentList decrypted(Producer& producer, const SegmentList& batch);
  SegmentList compressed(Producer& producer, const SegmentList& batch, Log& log);
  void append(Task& task, Log& log, const SegmentList& records);

  bool is_follower(std::uint32_t client) const {
    return client >= config_.workload.clients - config_.broker.followers;
  }
  Bytes visible(const Log& log, std::uint32_t client) const {
    return is_follower(client) ? log.end : log.committed;
  }
  Bytes take_fetch(Connection& connection, Log& log, Bytes from);
  void wait_for_records(Connection& connection, Log& log, Bytes from);
  void report(std::uint32_t client, Bytes from);
  void commit(Log& log);
  void answer(Connection& connection, Log& log, std::uint32_t file, Bytes offset, Bytes bytes);

  Config config_;
  const Path& path_;
  Kernel& kernel_;
  Clients& clients_;
  LogLayout layout_;
  PhysicalMemory& memory_;
  std::deque<Log> logs_;
  std::vector<std::unique_ptr<Producer>> producers_;
  std::unique_ptr<WriteBack> write_back_;
  std::vector<FetchAccount> accounts_;
};

}  // namespace copypath
