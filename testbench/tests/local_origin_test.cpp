// Laws of a proxy whose origin and clients are programs on the same machine: every byte is copied
// by the origin and by nobody else but a proxy that copies; neither a slow origin nor a slow client
// makes any queue longer than its limit; whoever sleeps is woken, and whoever wakes pays for it;
// the proxy has its cores to itself.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/platform/machine.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

const char* const kProxies[] = {"proxy_read_write", "proxy_splice"};

Config loopback(std::uint64_t file_size = 1'000'000) {
  Config config;
  config.nic.link = Link::kLoopback;
  config.workload.kind = WorkloadKind::kProxy;
  config.workload.file_size = Bytes(file_size);
  return config;
}

TEST(LocalOrigin, EveryByteIsCopiedByTheOriginAndByAProxyThatCopies) {
  for (const char* const path : kProxies) {
    for (const Sink sink : {Sink::kDiscard, Sink::kCopy, Sink::kPoll}) {
      Config config = loopback(777'777);
      config.workload.clients = 3;
      config.workload.requests = 2;
      config.workload.sink = sink;
      const std::uint64_t payload = 6 * 777'777;
      const Result result = simulate_apart(config, path);
      EXPECT_TRUE(result.delivered_ok) << path;
      const std::uint64_t copies = path == std::string("proxy_read_write") ? payload : 0;
      EXPECT_EQ(moved(result, "copy_from_origin"), payload) << path;
      EXPECT_EQ(moved(result, "copy_from_socket"), copies) << path;
      EXPECT_EQ(moved(result, "copy_from_user"), copies) << path;
      EXPECT_EQ(moved(result, "copy_to_receiver"), sink == Sink::kCopy ? payload : 0) << path;
      EXPECT_EQ(*result.value("dma_bytes"), 0) << path;
      EXPECT_EQ(*result.value("disk_bytes"), 0) << path;
      // What the clients get; what the origin has sent is not the proxy's.
      EXPECT_EQ(*result.value("sent_kernel_bytes"), payload) << path;
      EXPECT_EQ(*result.value("received_kernel_bytes"), payload) << path;
    }
  }
}

TEST(LocalOrigin, EverySizeArrivesInChunksBelowAndAboveThePipe) {
  for (const char* const path : kProxies) {
    for (const std::uint64_t size : {0, 1, 4096, 65'483, 65'484, 300'001}) {
      for (const std::uint64_t chunk : {1000, 16'384, 65'536, 200'000}) {
        Config config = loopback(size);
        config.workload.chunk = Bytes(chunk);
        config.workload.data = Data::kBytes;
        const Result result = simulate_apart(config, path);
        EXPECT_TRUE(result.delivered_ok) << path << size << ' ' << chunk;
        EXPECT_EQ(*result.value("payload_bytes"), static_cast<double>(size)) << path;
        // A byte may be the last one of a packet and of a call.
        const auto least = static_cast<double>(units_covering(Bytes(size), Bytes(65'483)));
        EXPECT_GE(*result.value("rx_packets"), least) << path << size;
      }
    }
  }
}

// Nobody asks for an empty file: the origin has nothing to do.
TEST(LocalOrigin, NobodyAsksForAnEmptyFile) {
  for (const char* const path : kProxies) {
    const Result result = simulate_apart(loopback(0), path);
    EXPECT_TRUE(result.delivered_ok) << path;
    EXPECT_EQ(*result.value("syscalls_total"), 0) << path;
    EXPECT_EQ(*result.value("rx_packets"), 0) << path;
  }
}

class LocalOriginTest : public SimulationTest {
protected:
  static void finish(const Machine& machine) {
    while (!machine.finished()) sc_core::sc_start(milliseconds(1));
  }
};

// A client that takes 10 MB/s at the end of a chain with small buffers: what the origin has sent is
// never more than they hold, and the receive queue does fill.
TEST_F(LocalOriginTest, ASlowClientStopsTheOrigin) {
  Config config = loopback(1'000'000);
  config.workload.client_rate = Rate(10e6);
  config.socket.receive_buffer = Bytes(200'000);
  config.socket.send_buffer = Bytes(50'000);
  Machine machine("machine", config, *find_path("proxy_read_write"));
  const TcpReceiver& upstream = *machine.server.connections()[0]->upstream;
  Bytes most;
  spawn_endless("look", [&] {
    for (;;) {
      most = std::max(most, upstream.queued());
      ASSERT_LE(upstream.queued(), Bytes(200'000));
      sc_core::wait(microseconds(20));
    }
  });
  finish(machine);
  EXPECT_GT(most, Bytes(100'000));
  EXPECT_TRUE(machine.result().delivered_ok);
  EXPECT_EQ(machine.result().bottleneck, "client");
}

TEST_F(LocalOriginTest, NothingThatWasReceivedIsKept) {
  Machine machine("machine", loopback(3'000'000), *find_path("proxy_splice"));
  finish(machine);
  sc_core::sc_start(milliseconds(10));  // the last acknowledgements
  EXPECT_EQ(machine.kernel.skbs.in_use(), 0U);
}

TEST_F(LocalOriginTest, TheProxyHasItsCoresToItself) {
  Config config = loopback(1'000'000);
  config.cpu.cores = 3;
  config.workload.clients = 4;
  Machine machine("machine", config, *find_path("proxy_read_write"));
  spawn_endless("look", [&] {
    for (;;) {
      for (unsigned core = 0; core < 3; ++core) {
        const Task* const task = machine.cpu.core(core).current_task();
        if (task == nullptr) continue;
        EXPECT_EQ(task->number() < 4, core < 2) << "task " << task->number();
      }
      sc_core::wait(microseconds(7));
    }
  });
  finish(machine);
}

// A proxy that is faster than its origin sleeps until that has its core, again and again; its own
// time has nothing of what waking it takes. With more than the origin's send buffer holds, it is
// the proxy that wakes the origin.
TEST(LocalOrigin, WhoWakesPaysForIt) {
  Config config = loopback(50 * 65'536);
  config.workload.sink = Sink::kPoll;
  const auto server_time = [&](sc_time wakeup) {
    config.cpu.wakeup = wakeup;
    const Result result = simulate_apart(config, "proxy_splice");
    EXPECT_GE(*result.value("context_switches"), 2);
    return *result.value("server_cpu_s");
  };
  config.cpu.copy_rate = Rate(1e9);  // the origin's; by splice() the proxy has none
  EXPECT_NEAR(server_time(microseconds(10)), server_time({}), 1e-9);
  config.workload.file_size = Bytes(20'000'000);
  config.cpu.copy_rate = Rate(10e9);
  EXPECT_GT(server_time(microseconds(10)), server_time({}) + 10e-6);
}

// With all other costs at nothing, what is left of the proxy's time is that of the pages: each is
// handed to the socket once, and once more where a packet or a call ends within it.
TEST(LocalOrigin, SplicingCostsByThePage) {
  Config config = loopback(100 * 65'536);
  config.cpu.cores = 3;
  config.cpu.syscall = config.cpu.context_switch = config.cpu.skb = config.cpu.receive =
      sc_core::SC_ZERO_TIME;
  config.cpu.send_page = microseconds(1);
  const Result result = simulate_apart(config, "proxy_splice");
  const double pages = *result.value("server_cpu_s") / 1e-6;
  const double calls = static_cast<double>(result.syscalls.at("splice"));
  EXPECT_GE(pages, 1600 - 1e-3);
  EXPECT_LE(pages, 1600 + *result.value("rx_packets") + calls / 2);
}

// Two programs on one core, of which one never sleeps: each gets a time slice after the other.
TEST(LocalOrigin, APollingClientSharesItsCoreWithTheOrigin) {
  Config config = loopback(20'000'000);
  config.cpu.cores = 2;
  config.workload.sink = Sink::kPoll;
  for (const char* const path : kProxies) {
    const Result result = simulate_apart(config, path);
    EXPECT_TRUE(result.delivered_ok) << path;
    EXPECT_GT(*result.value("elapsed_s"), 2 * config.cpu.time_slice.to_seconds()) << path;
    EXPECT_EQ(to_json(simulate_apart(config, path)).dump(), to_json(result).dump()) << path;
  }
}

TEST(LocalOrigin, OneCoreIsEnough) {
  for (const char* const path : kProxies) {
    Config config = loopback(1'000'001);
    config.cpu.cores = 1;
    config.workload.clients = 3;
    EXPECT_TRUE(simulate_apart(config, path).delivered_ok) << path;
  }
}

}  // namespace
}  // namespace copypath
