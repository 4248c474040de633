// Laws of the proxies as whole machines: what comes in goes out, in both directions of one wire at
// once; a slow client stops the origin, and nothing is lost or piled up; references to what was
// received are all dropped in the end.
#include <gtest/gtest.h>

#include "models/platform/machine.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/oracle.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

const char* const kProxies[] = {"proxy_read_write", "proxy_splice"};

Config proxy(std::uint64_t file_size = 1'000'000) {
  Config config;
  config.workload.file_size = Bytes(file_size);
  return config;
}

TEST(Proxy, EveryByteIsReceivedOnceAndSentOnce) {
  for (const char* const path : kProxies) {
    Config config = proxy(777'777);
    config.workload.clients = 3;
    config.workload.requests = 2;
    const std::uint64_t payload = 6 * 777'777;
    const Result result = simulate_apart(config, path);
    EXPECT_EQ(moved(result, "receive"), payload) << path;
    EXPECT_EQ(moved(result, "transmit_copy"), payload) << path;
    const bool copies = path == std::string("proxy_read_write");
    EXPECT_EQ(moved(result, "copy_from_socket"), copies ? payload : 0) << path;
    EXPECT_EQ(moved(result, "copy_from_user"), copies ? payload : 0) << path;
    EXPECT_EQ(*result.value("disk_bytes"), 0) << path;
  }
}

// Both directions at once take as long as one of them, plus the way of the first packet.
TEST(Proxy, TheWireIsFullDuplex) {
  for (const char* const path : kProxies) {
    Config config = proxy(20'000'000);
    config.socket.send_buffer = kMiB * 4;
    const Result result = simulate_apart(config, path);
    const double one_way = 20e6 / (1.25e9 * 1448 / 1538);
    EXPECT_GT(*result.value("elapsed_s"), one_way) << path;
    EXPECT_LT(*result.value("elapsed_s"), one_way + 1e-3) << path;
  }
}

TEST(Proxy, AFullReceiveWireIsTheNics) {
  for (const char* const path : kProxies) {
    Config config = proxy(20'000'000);
    config.socket.send_buffer = kMiB * 4;
    config.memory.bandwidth = Rate(20e9);  // of which a copying proxy takes a third and more
    const Result result = simulate_apart(config, path);
    const double received = *result.value("nic_rx_utilisation");
    const double seconds = *result.value("elapsed_s");
    EXPECT_DOUBLE_EQ(received, *result.value("rx_wire_bytes") / (1.25e9 * seconds)) << path;
    EXPECT_GT(received, 0.95) << path;
    EXPECT_LE(received, 1) << path;
    EXPECT_EQ(result.bottleneck, "nic") << path;
  }
}

// What the proxy acknowledges is posted before it has the wire, and counts when it has left.
TEST(Proxy, NoWireIsBusyForLongerThanTheRun) {
  for (const char* const path : kProxies) {
    for (const std::uint64_t rate : {1'000'000, 100'000'000}) {
      Config config = proxy(100'001);
      config.nic.rate = Rate::bits(static_cast<double>(rate));
      config.workload.clients = 3;
      config.socket.rtt = sc_core::SC_ZERO_TIME;
      const Result result = simulate_apart(config, path);
      EXPECT_LE(*result.value("nic_utilisation"), 1) << path << rate;
      EXPECT_LE(*result.value("nic_rx_utilisation"), 1) << path << rate;
    }
  }
}

// The window of the origin's connection is the receive buffer: throughput is a window per cycle of
// a round trip and what a packet takes besides.
TEST(Proxy, ASmallReceiveBufferBoundsTheThroughput) {
  Config config = proxy(2'000'000);
  config.socket.rtt = milliseconds(10);
  config.socket.send_buffer = Bytes(10'000'000);
  config.socket.receive_buffer = Bytes(100 * 1448);
  for (const char* const path : kProxies) {
    const Result result = simulate_apart(config, path);
    const double cycles = 2e6 / (100 * 1448);
    // Two packets of 40 frames fit; each comes to be acknowledged within a millisecond.
    EXPECT_GT(*result.value("elapsed_s"), cycles * 10e-3) << path;
    EXPECT_LT(*result.value("elapsed_s"), (2e6 / (80 * 1448) + 3) * 11e-3) << path;
  }
}

class ProxyTest : public SimulationTest {};

// A client that takes 10 MB/s at the end of a chain with small buffers: no queue is longer than its
// limit at any time, and the receive queue does fill.
TEST_F(ProxyTest, ASlowClientStopsTheOrigin) {
  Config config = proxy(1'000'000);
  config.workload.client_rate = Rate(10e6);
  config.socket.receive_buffer = Bytes(100'000);
  config.socket.send_buffer = Bytes(50'000);
  Machine machine("machine", config, *find_path("proxy_read_write"));
  const TcpReceiver& upstream = *machine.server.connections()[0]->upstream;
  Bytes most;
  spawn_endless("look", [&] {
    for (;;) {
      most = std::max(most, upstream.queued());
      ASSERT_LE(upstream.queued(), Bytes(100'000));
      const Bytes received(machine.ledger.account(Movement::kReceive).bytes);
      ASSERT_LE(received, machine.clients.delivered() + Bytes(100'000 + 65'536 + 50'000 + 65'160))
          << "in the receive queue, the proxy's buffer, the send buffer";
      sc_core::wait(microseconds(20));
    }
  });
  while (!machine.finished()) sc_core::sc_start(milliseconds(1));
  EXPECT_GT(most, Bytes(50'000));
  EXPECT_TRUE(machine.result().delivered_ok);
  EXPECT_EQ(machine.result().bottleneck, "client");
}

TEST_F(ProxyTest, NothingThatWasReceivedIsKept) {
  Machine machine("machine", proxy(3'000'000), *find_path("proxy_splice"));
  const std::uint64_t before = machine.memory.frames_in_use();  // 32 buffers are with the NIC
  while (!machine.finished()) sc_core::sc_start(milliseconds(1));
  sc_core::sc_start(milliseconds(10));  // the last acknowledgements
  EXPECT_EQ(machine.kernel.skbs.in_use(), 0U);
  // At most the buffer that the NIC is filling is on top of those.
  EXPECT_LE(machine.memory.frames_in_use(), before + 16);
  EXPECT_GE(machine.memory.frames_in_use(), before);
}

}  // namespace
}  // namespace copypath
