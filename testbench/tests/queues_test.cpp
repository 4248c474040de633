// Laws of several queues and several NICs: whoever transmits uses the queue of its core, but a
// socket stays while packets of it are in the device, so nothing is overtaken; the NIC serves its
// queues in turn; what comes interrupts the core that the hash of its connection names; wires add
// up.
#include <gtest/gtest.h>

#include "models/kernel/tcp_receiver.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/kernel_bench.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

class QueuesTest : public KernelTest {
protected:
  QueuesTest() {
    config_.cpu.cores = 4;
    config_.nic.queues = 4;
    config_.nic.rate = Rate::bits(1e9);
    config_.socket.send_buffer = Bytes(10'000'000);
    config_.workload.file_size = Bytes(10'000'000);
  }

  void send(Task& task, TcpSocket& socket, std::uint64_t bytes) {
    socket.send(task, bench().buffer(0, 0, bytes));
  }
  std::uint64_t posted(unsigned queue) { return bench().kernel.device.posted(queue); }
  unsigned queue_of(std::uint32_t connection) const {
    return rss_queue(toeplitz_hash(Addressing().received(connection)), config_.nic.queues);
  }
};

TEST_F(QueuesTest, WhoeverTransmitsUsesTheQueueOfItsCore) {
  for (int i = 0; i < 4; ++i) bench().add_socket();
  for (unsigned i = 0; i < 4; ++i) {  // tasks that start together have a core each
    spawn_task([=](Task& task) {
      const unsigned core = task.core().number();
      send(task, *bench().sockets[i], 65'160);
      EXPECT_EQ(bench().sockets[i]->transmit_queue(), core);
    });
  }
  run();
  for (unsigned queue = 0; queue < 4; ++queue) EXPECT_EQ(posted(queue), 1U) << queue;
}

TEST_F(QueuesTest, CoresShareQueuesWhenThereAreFewer) {
  config_.nic.queues = 2;
  for (int i = 0; i < 4; ++i) bench().add_socket();
  for (unsigned i = 0; i < 4; ++i) {
    spawn_task([=](Task& task) {
      send(task, *bench().sockets[i], 65'160);
      EXPECT_EQ(bench().sockets[i]->transmit_queue(), task.core().number() % 2);
    });
  }
  run();
  EXPECT_EQ(posted(0), 2U);
  EXPECT_EQ(posted(1), 2U);
}

// The peer checks that nothing is out of order.
TEST_F(QueuesTest, ASocketStaysWhilePacketsOfItAreInTheDevice) {
  TcpSocket& socket = bench().add_socket();
  unsigned first = 0;
  unsigned second = 0;
  spawn_task([&](Task& task) {
    first = task.core().number();
    send(task, socket, 10 * 65'160);  // 5 ms on the wire
    task.spend(milliseconds(50));     // and keeps its core
    task.settle();
  });
  spawn_task(milliseconds(1), [&](Task& task) {
    second = task.core().number();
    send(task, socket, 65'160);
    EXPECT_EQ(socket.transmit_queue(), first) << "not past those that are in the device";
  });
  spawn_task(milliseconds(20), [&](Task& task) {
    EXPECT_EQ(socket.skbs_in_device(), 0U);
    send(task, socket, 65'160);
    EXPECT_EQ(task.core().number(), second);
    EXPECT_EQ(socket.transmit_queue(), second);
  });
  run();
  EXPECT_NE(first, second);
  EXPECT_EQ(posted(first), 11U);
  EXPECT_EQ(posted(second), 1U);
  EXPECT_EQ(bench().peer.received(0), 12 * 65'160U);
}

TEST_F(QueuesTest, TheNicServesItsQueuesInTurn) {
  config_.nic.queues = 3;
  config_.nic.fifo = Bytes(65'160);  // one packet
  for (int i = 0; i < 3; ++i) bench().add_socket();
  for (unsigned i = 0; i < 3; ++i) {
    spawn_task([=](Task& task) { send(task, *bench().sockets[i], (6 - i) * 65'160); });
  }
  run();
  const auto& arrivals = bench().peer.arrivals;
  ASSERT_EQ(arrivals.size(), 6U + 5 + 4);
  // Once all have something in their rings: each third packet is the same socket's.
  for (std::size_t i = 3; i + 3 < 12; ++i) {
    EXPECT_EQ(arrivals[i].connection, arrivals[i + 3].connection) << i;
    EXPECT_NE(arrivals[i].connection, arrivals[i + 1].connection) << i;
  }
}

TEST_F(QueuesTest, AFullRingHoldsBackItsOwnQueueOnly) {
  config_.nic.ring = 19;
  for (int i = 0; i < 2; ++i) bench().add_socket();
  for (unsigned i = 0; i < 2; ++i) {
    spawn_task([=](Task& task) { send(task, *bench().sockets[i], i == 0 ? 20 * 65'160 : 65'160); });
  }
  run();
  const auto& arrivals = bench().peer.arrivals;
  ASSERT_EQ(arrivals.size(), 21U);
  EXPECT_EQ(bench().kernel.skbs.in_use(), 0U);
  std::size_t place = 0;
  while (arrivals[place].connection != 1) ++place;
  EXPECT_LE(place, 6U) << "behind what was in the other ring and the FIFO, not behind all";
}

TEST_F(QueuesTest, AcknowledgementsInterruptTheCoreOfTheirHash) {
  for (int i = 0; i < 20; ++i) bench().add_socket();
  std::vector<std::uint64_t> expected(4);
  spawn("peer", [&] {
    for (std::uint32_t connection = 0; connection < 20; ++connection) {
      bench().peer.acknowledge(connection, 0);
      ++expected[queue_of(connection)];
      sc_core::wait(milliseconds(1));
    }
  });
  run();
  for (unsigned core = 0; core < 4; ++core) {
    EXPECT_EQ(bench().cpu.core(core).interrupts(), expected[core]) << core;
    EXPECT_LT(expected[core], 20U) << "not all on one";
  }
}

TEST_F(QueuesTest, ReceivedPayloadInterruptsTheCoreOfItsHash) {
  std::vector<std::unique_ptr<TcpReceiver>> receivers;
  for (std::uint32_t i = 0; i < 8; ++i) {
    receivers.push_back(
        std::make_unique<TcpReceiver>(i, bench().kernel.device, bench().kernel.skbs));
  }
  std::vector<std::uint64_t> expected(4);
  spawn("peer", [&] {
    for (std::uint32_t connection = 0; connection < 8; ++connection) {
      bench().peer.send(connection, bench().media, 0, 10'000);
      ++expected[queue_of(connection)];
      sc_core::wait(milliseconds(1));
    }
  });
  run();
  for (unsigned core = 0; core < 4; ++core) {
    EXPECT_EQ(bench().cpu.core(core).interrupts(), expected[core]) << core;
  }
  for (const auto& receiver : receivers) EXPECT_EQ(receiver->queued(), Bytes(10'000));
}

// ---- Whole machines.

Config many_clients(unsigned clients = 8) {
  Config config;
  config.workload.clients = clients;
  config.workload.file_size = Bytes(1'000'000);
  return config;
}

// What is moved does not depend on who transmits where: with as many clients as before, every byte
// travels as often.
TEST(Queues, EveryPathDeliversWithTheSameCopies) {
  Config config = many_clients();
  config.nic.rate = Rate::bits(100e9);
  const auto one = simulate_apart(config);
  config.nic.queues = 8;
  for (const auto& [path, result] : simulate_apart(config)) {
    EXPECT_TRUE(result.delivered_ok) << path;
    EXPECT_EQ(*result.value("cpu_copied_bytes"), *one.at(path).value("cpu_copied_bytes")) << path;
    EXPECT_EQ(*result.value("bus_bytes"), *one.at(path).value("bus_bytes")) << path;
  }
}

// Every frame on its own costs the softirq a microsecond: one core takes a million frames in a
// second, and two queues on two cores nearly twice as many.
TEST(Queues, ReceivingIsSpreadOverTheCores) {
  Config config = many_clients(16);
  config.cpu.cores = 16;
  config.nic.rate = Rate::bits(25e9);
  config.nic.interrupt_delay = sc_core::SC_ZERO_TIME;  // nothing is merged
  config.nic.rx_fifo = kMiB * 256;                     // nor dropped
  const double core = 1448 / config.cpu.receive.to_seconds();
  const double one = *simulate_apart(config, "proxy_splice").value("throughput_Bps");
  EXPECT_LT(one, core);
  EXPECT_GT(one, 0.85 * core);
  config.nic.queues = 2;
  const double two = *simulate_apart(config, "proxy_splice").value("throughput_Bps");
  EXPECT_LT(two, 2 * core);
  EXPECT_GT(two, 1.6 * core);
}

TEST(Nics, TwoWiresCarryTwiceAsMuch) {
  for (const char* const path : {"read_write", "sendfile", "proxy_read_write"}) {
    Config config = many_clients();
    config.workload.file_size = Bytes(5'000'000);  // so that the beginning counts for little
    const Result one = simulate_apart(config, path);
    config.nic.count = 2;
    const Result two = simulate_apart(config, path);
    EXPECT_NEAR(*two.value("throughput_Bps") / *one.value("throughput_Bps"), 2, 0.05) << path;
    const double asked = kOracle.at(path).proxy ? 8 * 96 : 0;  // of the origin, by 8 clients
    EXPECT_EQ(*two.value("wire_bytes"), 40e6 + asked + 90 * *two.value("packets")) << path;
    EXPECT_EQ(two.bottleneck, "nic") << path;
    EXPECT_TRUE(two.delivered_ok) << path;
    EXPECT_GT(*two.value("nic_utilisation"), 0.9) << path;
  }
}

// A connection has one wire, whatever else there is, and that is the limit.
TEST(Nics, OneConnectionUsesOneOfThem) {
  Config config = many_clients(1);
  config.workload.file_size = Bytes(10'000'000);
  const Result one = simulate_apart(config, "sendfile");
  config.nic.count = 4;
  const Result four = simulate_apart(config, "sendfile");
  EXPECT_EQ(*four.value("elapsed_s"), *one.value("elapsed_s"));
  EXPECT_EQ(*four.value("nic_utilisation"), *one.value("nic_utilisation"));
  EXPECT_EQ(four.bottleneck, "nic");
}

TEST(Nics, EveryPathDelivers) {
  Config config = many_clients(5);
  config.nic.count = 3;
  config.nic.queues = 2;
  config.workload.data = Data::kBytes;
  for (const auto& [path, result] : simulate_apart(config)) {
    EXPECT_TRUE(result.delivered_ok) << path;
  }
}

}  // namespace
}  // namespace copypath
