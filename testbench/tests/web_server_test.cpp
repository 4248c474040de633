// Laws of the web server: a few processes serve every connection, one after the other as they
// become ready; every response is its header and its file, on every path; what is popular follows
// Zipf's law; corking saves a packet, and a limit of what one call sends keeps others from waiting.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/workload/site.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

double value(const Result& result, const char* metric) { return *result.value(metric); }

void visit(Config& config) {
  config.workload.listed = visits_of(config);
  const auto& sizes = config.workload.listed->file_sizes;
  config.workload.file_size = *std::max_element(sizes.begin(), sizes.end());
}

Config web(unsigned clients, unsigned requests, unsigned workers) {
  Config config;
  config.workload.kind = WorkloadKind::kWebServer;
  config.workload.clients = clients;
  config.workload.requests = requests;
  config.web.workers = workers;
  config.web.files = 50;
  config.web.largest = kKiB * 256;
  visit(config);
  return config;
}

double asked_for(const Config& config) {
  double total = 0;
  for (const auto& client : config.workload.listed->clients) {
    for (const ListedRequest& request : client) total += static_cast<double>(request.bytes.count());
  }
  return total;
}

TEST(WebServer, EveryResponseIsItsHeaderAndItsFile) {
  for (const Data data : {Data::kTags, Data::kBytes}) {
    for (const bool nopush : {false, true}) {
      for (const Bytes header : {Bytes(1), Bytes(300), Bytes(9000)}) {
        Config config = web(7, 5, 2);
        config.workload.data = data;
        config.web.tcp_nopush = nopush;
        config.web.header = header;
        config.socket.send_buffer = kKiB * 64;
        const auto results = simulate_apart(config);
        EXPECT_EQ(results.size(), 5U);
        for (const auto& [path, result] : results) {
          EXPECT_TRUE(result.delivered_ok) << path;
          EXPECT_EQ(value(result, "payload_bytes"), asked_for(config)) << path;
          EXPECT_EQ(value(result, "corrupted_bytes"), 0) << path;
          EXPECT_EQ(value(result, "syscalls.recv"), 35) << path;
          EXPECT_GT(value(result, "syscalls.epoll_wait"), 0) << path;
        }
      }
    }
  }
}

TEST(WebServer, LoopbackDelivers) {
  Config config = web(5, 4, 2);
  config.nic.link = Link::kLoopback;
  for (const auto& [path, result] : simulate_apart(config)) {
    EXPECT_TRUE(result.delivered_ok) << path;
  }
}

// Lost frames, pages that cannot be read, visitors who leave: the others get what they ask for.
TEST(WebServer, WhatGoesWrongForOneDoesNotConcernTheOthers) {
  Config config = web(9, 10, 2);
  Config lossy = config;
  lossy.faults.frame_loss = 0.01;
  Config broken = config;
  broken.faults.disk_error_rate = 0.01;
  Config left = config;
  left.faults.disconnect_after = kKiB * 64;
  left.faults.disconnect_every = 3;
  for (const Config& with : {lossy, broken, left}) {
    for (const auto& [path, result] : simulate_apart(with)) {
      EXPECT_TRUE(result.delivered_ok) << path;
      EXPECT_EQ(value(result, "corrupted_bytes"), 0) << path;
      const double aborted = value(result, "aborted_transfers");
      EXPECT_EQ(value(result, "frames_lost") > 0, with.faults.lossy()) << path;
      EXPECT_EQ(aborted > 0, !with.faults.lossy()) << path;
      EXPECT_LT(aborted, 9) << path;
    }
  }
}

TEST(WebServer, HeadersAreAllThatSendfileCopies) {
  const Config config = web(10, 10, 2);
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_EQ(moved(result, "response_header"), 100 * config.web.header.count());
  EXPECT_EQ(moved(result, "copy_from_user"), 100 * config.web.header.count());
  EXPECT_EQ(value(result, "cpu_copied_bytes"), 100.0 * 256);
}

// One worker is one task: it cannot use more than one core, however many connections it has.
TEST(WebServer, AWorkerUsesOneCore) {
  Config config = web(16, 10, 1);
  config.workload.transform = Transformation::kTls;
  config.nic.rate = Rate::bits(100e9);
  config.page_cache.warm = 1;
  config.cpu.crypto_rate = Rate(500e6);
  const Result one = simulate_apart(config, "user_tls");
  config.web.workers = 4;
  const Result four = simulate_apart(config, "user_tls");
  EXPECT_LE(value(one, "server_cpu_s"), value(one, "elapsed_s") * 1.0001);
  EXPECT_GE(value(one, "server_cpu_s"), value(one, "elapsed_s") * 0.9) << "and is busy with it";
  EXPECT_GT(value(one, "elapsed_s"), 3 * value(four, "elapsed_s"));
  EXPECT_EQ(one.bottleneck, "cpu");
}

// A thread per connection switches whenever one of them waits; a worker only when all of them do.
TEST(WebServer, AWorkerSwitchesLessThanThreads) {
  Config config = web(32, 10, 1);
  config.page_cache.warm = 1;
  const Result worker = simulate_apart(config, "sendfile");
  config.web.workers = 32;
  const Result threads = simulate_apart(config, "sendfile");
  EXPECT_LT(value(worker, "context_switches"), 0.7 * value(threads, "context_switches"));
}

TEST(WebServer, CorkingSavesAPacketForTwoCalls) {
  Config config = web(1, 50, 1);
  config.page_cache.warm = 1;
  config.web.smallest = config.web.largest = Bytes(1000);  // with its header, one frame
  visit(config);
  const Result plain = simulate_apart(config, "sendfile");
  config.web.tcp_nopush = true;
  const Result corked = simulate_apart(config, "sendfile");
  EXPECT_EQ(value(plain, "packets") - value(corked, "packets"), 50);
  EXPECT_EQ(value(corked, "syscalls.setsockopt") - value(plain, "syscalls.setsockopt"), 100);
  EXPECT_TRUE(corked.delivered_ok);
}

// A worker in the middle of a large file lets others go first after each call.
TEST(WebServer, ALimitPerCallLetsOthersGoFirst) {
  Config config = web(2, 1, 1);
  config.page_cache.warm = 1;
  config.nic.rate = Rate::bits(400e9);
  config.pcie.nic.generation = 5;
  config.pcie.nic.lanes = 16;
  config.socket.send_buffer = Bytes(1'000'000'000);
  config.socket.window = Bytes(1'000'000'000);
  RequestList list;
  list.file_sizes = {Bytes(200'000'000), Bytes(1000)};
  list.clients = {{{sc_time(), 0, Bytes(0), Bytes(200'000'000)}},
                  {{sc_time(), 1, Bytes(0), Bytes(1000)},
                   {sc_time(), 1, Bytes(0), Bytes(1000)},
                   {sc_time(), 1, Bytes(0), Bytes(1000)}}};
  config.workload.listed = std::make_shared<const RequestList>(list);
  config.workload.file_size = list.file_sizes[0];
  config.web.sendfile_max_chunk = Bytes(2'147'479'552);
  const Result hogged = simulate_apart(config, "sendfile");
  config.web.sendfile_max_chunk = kMiB * 2;
  const Result shared = simulate_apart(config, "sendfile");
  EXPECT_TRUE(shared.delivered_ok);
  EXPECT_GE(value(shared, "syscalls.sendfile"), 95 + 3);
  // The visitor of the small file waits for a whole call each time, of 200 MB or of 2 MiB.
  EXPECT_LE(value(hogged, "syscalls.sendfile"), 1 + 3 + value(hogged, "syscalls.epoll_wait"));
  EXPECT_GT(value(shared, "syscalls.epoll_wait"), value(hogged, "syscalls.epoll_wait"));
}

TEST(Site, PopularityFollowsZipf) {
  Config config;
  config.workload.clients = 100;
  config.workload.requests = 2000;
  config.web.files = 100;
  for (const double zipf : {0.0, 0.8, 1.0}) {
    config.web.zipf = zipf;
    std::vector<double> asked(config.web.files);
    const auto visits = visits_of(config);
    for (const auto& client : visits->clients) {
      for (const ListedRequest& request : client) asked[request.file] += 1;
    }
    double all = 0;
    for (unsigned rank = 1; rank <= config.web.files; ++rank) all += std::pow(rank, -zipf);
    for (const unsigned rank : {1U, 2U, 10U, 100U}) {
      const double share = std::pow(rank, -zipf) / all;
      const double expected = 200'000 * share;
      EXPECT_NEAR(asked[rank - 1], expected, 5 * std::sqrt(expected)) << zipf << " " << rank;
    }
  }
}

TEST(Site, SizesSpreadOverTheDoublings) {
  Config config;
  config.web.files = 10'000;
  config.web.smallest = kKiB;
  config.web.largest = kMiB;
  std::vector<unsigned> doublings(10);
  const auto visits = visits_of(config);
  for (const Bytes size : visits->file_sizes) {
    ASSERT_GE(size, config.web.smallest);
    ASSERT_LE(size, config.web.largest);
    unsigned doubling = 0;
    while (size.count() >= (std::uint64_t{2048} << doubling)) ++doubling;
    ++doublings.at(doubling);
  }
  for (const unsigned files : doublings) EXPECT_NEAR(files, 1000, 5 * std::sqrt(1000.0));
}

}  // namespace
}  // namespace copypath
