// Laws of loopback, as Linux has it on 127.0.0.1: no NIC and no wire; packets of 65483 bytes, so
// that a write of 64 KiB leaves one of 53; the sender's core pays for what a softirq does at the
// receiver; what is sent by reference reaches the receiver by reference, but for MSG_ZEROCOPY.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <map>

#include "models/kernel/tcp_receiver.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/kernel_bench.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

using sc_core::SC_ZERO_TIME;

Config loopback(std::uint64_t file_size = 1'000'000) {
  Config config;
  config.nic.link = Link::kLoopback;
  config.workload.file_size = Bytes(file_size);
  return config;
}

std::map<std::string, std::uint64_t> movements_of(const Result& result) {
  std::map<std::string, std::uint64_t> movements;
  for (const MovementRecord& movement : result.movements) {
    if (movement.purpose != "control") movements[movement.name] = movement.bytes;
  }
  return movements;
}

// ---- Whole machines.

TEST(Loopback, A64KiBWriteLeavesARuntOf53Bytes) {
  const Result result = simulate_apart(loopback(100 * 65536), "read_write");
  EXPECT_EQ(*result.value("packets"), 200);
  Config config = loopback(100 * 65483);
  config.workload.chunk = Bytes(65483);
  EXPECT_EQ(*simulate_apart(config, "read_write").value("packets"), 100);
}

// Within one call of sendfile() more is announced (MSG_MORE), so packets are filled: 17 fragments
// of a page and less, or 65483 bytes.
TEST(Loopback, SendfileOfEverythingLeavesOneRunt) {
  Config config = loopback(100 * 65536);
  config.workload.chunk = Bytes(100 * 65536);
  EXPECT_EQ(*simulate_apart(config, "sendfile").value("packets"),
            static_cast<double>(units_covering(Bytes(100 * 65536), Bytes(65483))));
}

TEST(Loopback, NothingArrivesInSegmentsToBeAcknowledged) {
  Config config = loopback();
  const Result merged = simulate_apart(config, "read_write");
  config.socket.ack_every = 2;
  EXPECT_EQ(to_json(simulate_apart(config, "read_write")).dump(), to_json(merged).dump());
}

TEST(Loopback, NoDmaButTheDisks) {
  for (const auto& [path, result] : simulate_apart(loopback())) {
    EXPECT_EQ(*result.value("dma_copies_per_byte"), kOracle.at(path).proxy ? 0 : 1) << path;
    EXPECT_EQ(*result.value("wire_bytes"), 0) << path;
    EXPECT_EQ(*result.value("nic_utilisation"), 0) << path;
    EXPECT_NE(result.bottleneck, "nic") << path;
  }
  const Config nothing = loopback(0);
  EXPECT_NE(simulate_apart(nothing, "sendfile").bottleneck, "nic") << "not even of an empty file";
}

TEST(Loopback, AReceiverThatDiscardsReadsNothing) {
  const std::uint64_t n = 1'000'000;
  using Bytes = std::map<std::string, std::uint64_t>;
  EXPECT_EQ(movements_of(simulate_apart(loopback(n), "sendfile")), (Bytes{{"disk_read", n}}));
  EXPECT_EQ(movements_of(simulate_apart(loopback(n), "read_write")),
            (Bytes{{"disk_read", n}, {"copy_to_user", n}, {"copy_from_user", n}}));
}

TEST(Loopback, AReceiverThatCopiesGetsTheSendersMemory) {
  const std::uint64_t n = 1'000'000;
  Config config = loopback(n);
  config.workload.sink = Sink::kCopy;
  using Bytes = std::map<std::string, std::uint64_t>;
  EXPECT_EQ(movements_of(simulate_apart(config, "sendfile")),
            (Bytes{{"disk_read", n}, {"copy_to_receiver_page", n}}));
  EXPECT_EQ(movements_of(simulate_apart(config, "mmap_write")),
            (Bytes{{"disk_read", n}, {"copy_from_mapping", n}, {"copy_to_receiver", n}}));
}

// Every notification says COPIED, and what the server does to its buffer afterwards shows nowhere.
TEST(Loopback, MsgZerocopyIsACopy) {
  Config config = loopback(3'000'000);
  config.workload.hazard = Hazard::kReuseBuffer;
  for (const char* const path : {"msg_zerocopy_read", "io_uring_zc"}) {
    const Result result = simulate_apart(config, path);
    EXPECT_EQ(movements_of(result).at("orphan_user"), 3'000'000U) << path;
    EXPECT_GT(*result.value("zerocopy_completions"), 0) << path;
    EXPECT_EQ(*result.value("zerocopy_copied"), *result.value("zerocopy_completions")) << path;
  }
  EXPECT_TRUE(simulate_apart(config, "msg_zerocopy_read").delivered_ok);
  config.nic.link = Link::kEthernet;
  EXPECT_FALSE(simulate_apart(config, "msg_zerocopy_read").delivered_ok);
}

TEST(Loopback, ContextSwitchesAreTheServers) {
  // Everything fits into the send buffer, so the server never waits; its clients do.
  Config config = loopback(100'000);
  config.page_cache.warm = 1;
  EXPECT_EQ(*simulate_apart(config, "sendfile").value("context_switches"), 0);
}

TEST(Loopback, ASlowClientIsTheLimit) {
  Config config = loopback(2'000'000);
  config.workload.client_rate = Rate(100e6);
  for (const auto& [path, result] : simulate_apart(config)) {
    if (kOracle.at(path).compress) continue;  // the core is slower, and there is less to take
    EXPECT_NEAR(*result.value("elapsed_s"), 0.02, 0.0004) << path;
    EXPECT_EQ(result.bottleneck, "client") << path;
  }
}

TEST(Loopback, TheNicsAbilitiesDoNotMatter) {
  const auto able = simulate_apart(loopback());
  Config config = loopback();
  config.nic.scatter_gather = config.nic.checksum_offload = false;
  config.nic.queues = 4;
  config.nic.count = 2;
  for (const KernelVersion kernel : {KernelVersion{4, 16}, KernelVersion{6, 18}}) {
    config.kernel = kernel;
    for (const auto& [path, result] : simulate_apart(config)) {
      EXPECT_EQ(*result.value("cpu_copied_bytes"), *able.at(path).value("cpu_copied_bytes"))
          << path << " on " << kernel.text();
      EXPECT_EQ(*result.value("cpu_checksum_bytes"), 0) << path;
    }
  }
}

TEST(Loopback, RunsWhatAWireRuns) {
  for (const Path* path : paths()) {
    if (path->local()) continue;
    EXPECT_EQ(refusal(*path, loopback()), "") << path->name;
    EXPECT_EQ(refusal(*path, Config()), "") << path->name;
  }
}

// ---- The kernel alone.

class LoopbackTest : public KernelTest {
protected:
  LoopbackTest() {
    config_ = loopback(10'000'000);
    config_.cpu.cores = 4;
  }

  TcpSocket& connect() {
    TcpSocket& socket = bench().add_socket();
    receiver_ = std::make_unique<TcpReceiver>(0, bench().kernel.device, bench().kernel.skbs);
    return socket;
  }
  std::uint64_t account(Movement movement) { return bench().memory.ledger.account(movement).bytes; }
  Content another_file() {
    Content content;
    bench().media.read(1, 0, Bytes(40'960), content);
    return content;
  }
  void spawn_writer(TcpSocket& socket, std::uint64_t total) {
    spawn_task([=, &socket](Task& task) { socket.send(task, bench().buffer(0, 0, total)); });
  }
  std::unique_ptr<TcpReceiver> receiver_;
};

TEST_F(LoopbackTest, MemoryIsHeldUntilTheReceiverHasTakenIt) {
  TcpSocket& socket = connect();
  spawn_writer(socket, 130'966);
  spawn_task(milliseconds(1), [&](Task& task) {
    EXPECT_EQ(bench().kernel.skbs.in_use(), 2U);
    EXPECT_EQ(socket.queued(), Bytes(130'966)) << "nothing is acknowledged";
    EXPECT_EQ(receiver_->queued(), Bytes(130'966));
    const auto ignore = [](const SegmentList&) {};
    EXPECT_EQ(receiver_->discard(task, Bytes(65'482), ignore), Bytes(65'482));
    EXPECT_EQ(bench().kernel.skbs.in_use(), 2U) << "a byte is left";
    EXPECT_EQ(receiver_->discard(task, Bytes(1), ignore), Bytes(1));
    EXPECT_EQ(bench().kernel.skbs.in_use(), 1U);
    EXPECT_EQ(receiver_->discard(task, Bytes(1'000'000), ignore), Bytes(65'483));
  });
  run();
  EXPECT_EQ(bench().kernel.skbs.in_use(), 0U);
  EXPECT_EQ(socket.queued(), Bytes(0));
}

// Fragments of a folio span pages, of which each has its reference; readers cut them anywhere.
TEST_F(LoopbackTest, ReferencesToFoliosAreDropped) {
  config_.page_cache.size = kMiB;
  config_.page_cache.folio = kKiB * 64;
  config_.page_cache.readahead = kKiB * 128;
  const Bytes total = kMiB * 4;
  TcpSocket& socket = connect();
  spawn_task([&](Task& task) {
    OpenFile file = page_cache().open(0);
    while (file.position < total) {
      SegmentList pages;
      page_cache().get_pages(task, file, kKiB * 64, pages);
      file.position += size_of(pages);
      socket.send_pages(task, fragments(pages), file.position < total);
    }
  });
  spawn_task([&](Task& task) {
    const std::uint64_t to = bench().buffer(1, 0, 65'536).front().address;
    for (Bytes taken; taken < total;) {
      const Bytes n = receiver_->recv(task, to, Bytes(5003));
      const SegmentList got{{to, static_cast<std::uint32_t>(n.count())}};
      ASSERT_TRUE(bench().media.holds(0, taken.count(), n, bench().memory.bus.inspect(got)));
      taken += n;
    }
  });
  run();
  EXPECT_LE(page_cache().resident(), kMiB / kPageSize) << "a page that is held cannot go";
}

TEST_F(LoopbackTest, AReceiverThatDoesNotComeStopsTheSender) {
  config_.socket.receive_buffer = Bytes(300'000);
  config_.socket.send_buffer = Bytes(5'000'000);
  TcpSocket& socket = connect();
  spawn_writer(socket, 4'000'000);
  spawn_task(milliseconds(100), [&](Task& task) {
    EXPECT_EQ(receiver_->queued(), Bytes(4 * 65'483)) << "a fifth packet would be too much";
    Bytes taken;
    while (taken < Bytes(4'000'000)) {
      taken += receiver_->discard(task, Bytes(1 << 20), [&](const SegmentList& segments) {
        EXPECT_TRUE(bench().media.holds(0, taken.count(), size_of(segments),
                                        bench().memory.bus.inspect(segments)));
      });
      EXPECT_LE(receiver_->queued(), Bytes(300'000));
    }
  });
  run();
}

TEST_F(LoopbackTest, PagesOfMsgZerocopyAreCopiedAfterAll) {
  TcpSocket& socket = connect();
  spawn_task([&](Task& task) {
    const std::uint64_t address = bench().buffer(0, 0, 40'960).front().address;
    {
      ZerocopySend send(socket, task, Bytes(40'960));
      send.append(user_pages(address, Bytes(40'960)), false);
    }
    EXPECT_EQ(account(Movement::kOrphanUser), 40'960U);
    bench().memory.bus.preset({{address, 40'960}}, another_file());  // it shows in nothing now
    const auto look = [&](const SegmentList& segments) {
      EXPECT_TRUE(bench().media.holds(0, 0, Bytes(40'960), bench().memory.bus.inspect(segments)));
    };
    EXPECT_EQ(receiver_->discard(task, Bytes(65'536), look), Bytes(40'960));
  });
  run();
  EXPECT_EQ(socket.zerocopy().completed(), 1U);
  EXPECT_EQ(socket.zerocopy().copied(), 1U);
}

TEST_F(LoopbackTest, PagesThatWereSplicedAreNot) {
  TcpSocket& socket = connect();
  spawn_task([&](Task& task) {
    const std::uint64_t address = bench().buffer(0, 0, 40'960).front().address;
    socket.send_pages(task, pin_user_pages(task, address, Bytes(40'960)), false);
    const std::uint64_t to = bench().buffer(1, 0, 65'536).front().address;
    EXPECT_EQ(receiver_->recv(task, to, Bytes(65'536)), Bytes(40'960));
    EXPECT_TRUE(
        bench().media.holds(0, 0, Bytes(40'960), bench().memory.bus.inspect({{to, 40'960}})));
  });
  run();
  EXPECT_EQ(account(Movement::kOrphanUser), 0U);
  EXPECT_EQ(account(Movement::kCopyToReceiverUser), 40'960U);
}

TEST_F(LoopbackTest, TransmissionTakesTheSendersTimeToThePicosecond) {
  config_.cpu.receive = nanoseconds(1500);
  config_.cpu.context_switch = config_.memory.latency = SC_ZERO_TIME;
  config_.cpu.copy_rate = Rate(1e9);
  TcpSocket& socket = connect();
  const Process& writer = spawn_task([&](Task& task) {
    socket.send(task, bench().buffer(0, 0, 65'536));
    task.settle();
  });
  // Two packets: an skb and a softirq each, and the copy.
  run_to_edge(writer, nanoseconds(2 * (500 + 1500) + 65'536));
}

}  // namespace
}  // namespace copypath
