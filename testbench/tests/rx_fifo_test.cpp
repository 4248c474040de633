// Laws of the receive FIFO: what finds no room in it is dropped and counted, at the edge of a byte;
// the sender sends it again, and every byte is delivered once and in order, whatever is dropped; a
// FIFO that has room for all that may come drops nothing.
#include <gtest/gtest.h>

#include <string>

#include "models/kernel/tcp_receiver.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/kernel_bench.h"
#include "testbench/tests/oracle.h"

namespace copypath {
namespace {

// ---- One NIC.

class RxFifoTest : public KernelTest {
protected:
  static constexpr std::uint64_t kPacket = 40 * 1448;

  RxFifoTest() {
    config_.nic.interrupt_delay = sc_core::SC_ZERO_TIME;
    config_.pcie.nic = {1, 1};  // a fifth of the wire's rate
    config_.workload.file_size = Bytes(10'000'000);
  }
  /// Two packets one behind the other, of which the first one is on its way to memory when the
  /// second one is there. Returns what the reader has got of the stream.
  std::uint64_t received() {
    TcpReceiver receiver(3, bench().kernel.device, bench().kernel.skbs);
    const std::uint64_t wire = 40 * 1538;
    spawn("peer", [&] {
      sc_core::wait(Bytes(wire) / config_.nic.rate);
      bench().peer.send(3, bench().media, 0, kPacket);
      bench().nic.receiver.wait_for_room(Bytes(40 * 1514));
      second_begins_ = sc_core::sc_time_stamp();
      sc_core::wait(Bytes(wire) / config_.nic.rate);
      bench().peer.send(3, bench().media, kPacket, kPacket);
    });
    run();
    return receiver.queued().count();
  }

  /// One packet, and an acknowledgement of what a socket has sent while that is on its way to
  /// memory. Returns what the socket still keeps.
  Bytes unacknowledged() {
    TcpReceiver receiver(3, bench().kernel.device, bench().kernel.skbs);
    TcpSocket& socket = bench().add_socket();
    bench().peer.acknowledges = false;
    spawn_task([&](Task& task) { socket.send(task, bench().buffer(0, 0, 1448)); });
    spawn_at(milliseconds(1), "peer", [&] {
      bench().peer.send(3, bench().media, 0, kPacket);
      sc_core::wait(microseconds(1));
      bench().peer.acknowledge(0, 1448);
    });
    run();
    EXPECT_EQ(bench().nic.receiver.frames(), 41U);
    return socket.queued();
  }

  sc_time second_begins_;
};

TEST_F(RxFifoTest, HoldsTwoPacketsThatFit) {
  config_.nic.rx_fifo = Bytes(2 * 40 * 1514);
  EXPECT_EQ(received(), 2 * kPacket);
  EXPECT_EQ(bench().nic.receiver.missed(), 0U);
  EXPECT_EQ(bench().nic.receiver.frames(), 80U);
  EXPECT_EQ(bench().nic.receiver.fifo_used(), Bytes(0)) << "in the end";
}

TEST_F(RxFifoTest, DropsTheFrameThatIsAByteTooMuch) {
  config_.nic.rx_fifo = Bytes(2 * 40 * 1514 - 1);
  EXPECT_EQ(received(), 2 * kPacket - 1448);
  EXPECT_EQ(bench().nic.receiver.missed(), 1U);
  EXPECT_EQ(bench().nic.receiver.frames(), 80U) << "it was on the wire";
}

TEST_F(RxFifoTest, DropsAllFramesWhenItIsFull) {
  config_.nic.rx_fifo = Bytes(40 * 1514 + 1513);
  EXPECT_EQ(received(), kPacket);
  EXPECT_EQ(bench().nic.receiver.missed(), 40U);
}

TEST_F(RxFifoTest, HoldsAnAcknowledgementBesideAPacket) {
  config_.nic.rx_fifo = Bytes(40 * 1514 + 66);
  EXPECT_EQ(unacknowledged(), Bytes(0));
  EXPECT_EQ(bench().nic.receiver.missed(), 0U);
}

TEST_F(RxFifoTest, DropsAnAcknowledgementThatIsAByteTooMuch) {
  config_.nic.rx_fifo = Bytes(40 * 1514 + 65);
  EXPECT_EQ(unacknowledged(), Bytes(1448));
  EXPECT_EQ(bench().nic.receiver.missed(), 1U);
}

TEST_F(RxFifoTest, WithFlowControlTheWirePausesInstead) {
  config_.nic.rx_fifo = Bytes(40 * 1514 + 1513);
  config_.nic.flow_control = true;
  EXPECT_EQ(received(), 2 * kPacket);
  EXPECT_EQ(bench().nic.receiver.missed(), 0U);
  EXPECT_EQ(bench().nic.receiver.pauses(), 1U);
  EXPECT_GT(second_begins_, Bytes(40 * 1538) / config_.nic.rate + Bytes(kPacket) / Rate(250e6))
      << "when the first one is in memory, over a lane of 250 MB/s";
  EXPECT_EQ(bench().nic.receiver.fifo_used(), Bytes(0)) << "in the end";
}

TEST_F(RxFifoTest, WhatFitsToTheByteNeedsNoPause) {
  config_.nic.rx_fifo = Bytes(2 * 40 * 1514);
  config_.nic.flow_control = true;
  EXPECT_EQ(received(), 2 * kPacket);
  EXPECT_EQ(bench().nic.receiver.pauses(), 0U);
  EXPECT_EQ(second_begins_, Bytes(40 * 1538) / config_.nic.rate) << "at once";
}

// ---- A receiver.

class OutOfOrder : public KernelTest {
protected:
  void send(std::uint64_t from, std::uint64_t bytes) {
    bench().peer.send(3, bench().media, from, bytes);
    sc_core::wait(milliseconds(1));
  }
};

TEST_F(OutOfOrder, IsKeptReportedAtOnceAndReadInOrder) {
  TcpReceiver receiver(3, bench().kernel.device, bench().kernel.skbs);
  const auto& replies = bench().peer.small_packets;
  spawn("peer", [&] {
    send(0, 1448);
    EXPECT_TRUE(replies.empty()) << "nobody has read it";
    send(2 * 1448, 1448);
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].sequence, 1448U);
    ASSERT_EQ(replies[0].sack.count, 1U);
    EXPECT_EQ(replies[0].sack.blocks[0].begin, 2U * 1448);
    EXPECT_EQ(replies[0].sack.blocks[0].end, 3U * 1448);
    send(4 * 1448, 2 * 1448);
    send(4 * 1448, 1448);  // again, and less of it
    ASSERT_EQ(replies.size(), 3U);
    EXPECT_EQ(replies[1].sack.blocks[0].begin, 4U * 1448) << "what came last";
    EXPECT_EQ(replies[1].sack.blocks[1].begin, 2U * 1448);
    EXPECT_EQ(receiver.queued(), Bytes(1448)) << "what can be read";
    send(0, 5 * 1448);  // fills both gaps, with much that is there already
    EXPECT_EQ(receiver.queued(), Bytes(6 * 1448));
    EXPECT_EQ(replies.back().sequence, 6U * 1448);
    EXPECT_EQ(replies.back().sack.count, 0U);
  });
  std::uint64_t read = 0;
  spawn_task([&](Task& task) {
    task.sleep_for(milliseconds(20));
    const auto look = [&](const SegmentList& list) {
      EXPECT_TRUE(bench().media.holds(0, read, size_of(list), bench().memory.bus.inspect(list)));
    };
    while (read < 6 * 1448) read += receiver.discard(task, Bytes(1000), look).count();
  });
  run();
  EXPECT_EQ(read, 6U * 1448);
  EXPECT_LE(bench().frames_in_use(), 16U) << "no reference is kept";
}

// ---- Whole machines.

/// A proxy whose NIC gets rid of what it receives at a fifth of the rate at which it comes.
Config slow_dma() {
  Config config;
  config.pcie.nic = {1, 1};
  config.workload.clients = 3;
  config.workload.file_size = Bytes(3'000'001);
  config.nic.rx_fifo = kKiB * 128;
  return config;
}

void expect_drops_and_delivery(const Config& config) {
  for (const char* const path : {"proxy_read_write", "proxy_splice"}) {
    SCOPED_TRACE(path);
    const Result result = simulate_apart(config, path);
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_EQ(
        metric_of(result, "payload_bytes"),
        config.workload.clients * config.workload.requests * config.workload.file_size.count());
    EXPECT_EQ(metric_of(result, "corrupted_bytes"), 0U);
    EXPECT_GT(metric_of(result, "rx_missed"), 0U);
    // What was dropped came over the wire, but not into memory; what came twice did both.
    EXPECT_GE(moved(result, "receive"), metric_of(result, "payload_bytes"));
    EXPECT_GE(metric_of(result, "rx_wire_bytes"),
              moved(result, "receive") + 90 * metric_of(result, "rx_packets"));
  }
}

TEST(RxFifo, ProxiesDeliverWhateverIsDropped) { expect_drops_and_delivery(slow_dma()); }

TEST(RxFifo, ProxiesDeliverRealBytesWhateverIsDropped) {
  Config config = slow_dma();
  config.workload.data = Data::kBytes;
  config.workload.requests = 2;
  expect_drops_and_delivery(config);
}

TEST(RxFifo, ProxiesDeliverThroughASmallReceiveBufferAndManyQueues) {
  Config config = slow_dma();
  config.workload.clients = 12;
  config.socket.receive_buffer = kKiB * 64;
  config.nic.queues = 2;
  config.nic.rx_fifo = kKiB * 32;
  config.workload.file_size = Bytes(500'000);
  expect_drops_and_delivery(config);
}

TEST(RxFifo, WithFlowControlProxiesLoseNothing) {
  for (const unsigned nics : {1U, 2U}) {
    Config config = slow_dma();
    config.nic.count = nics;
    config.nic.queues = 2;
    for (const char* const path : {"proxy_read_write", "proxy_splice"}) {
      SCOPED_TRACE(path);
      config.nic.flow_control = false;
      const Result drops = simulate_apart(config, path);
      config.nic.flow_control = true;
      const Result pauses = simulate_apart(config, path);
      EXPECT_TRUE(pauses.delivered_ok);
      EXPECT_EQ(metric_of(drops, "rx_pauses"), 0U);
      EXPECT_GT(metric_of(drops, "rx_missed"), 0U);
      EXPECT_EQ(metric_of(pauses, "rx_missed"), 0U);
      EXPECT_GT(metric_of(pauses, "rx_pauses"), 0U);
      EXPECT_EQ(moved(pauses, "receive"), metric_of(pauses, "payload_bytes"));
      EXPECT_LT(*pauses.value("elapsed_s"), *drops.value("elapsed_s"));
      EXPECT_LT(*pauses.value("nic_rx_utilisation"), 0.5) << "it is not sending while it pauses";
    }
  }
}

TEST(RxFifo, SlowStartSavesMostOfTheFirstBurst) {
  Config config = slow_dma();
  for (const char* const path : {"proxy_read_write", "proxy_splice"}) {
    config.socket.initial_window = 0;
    const Result open = simulate_apart(config, path);
    config.socket.initial_window = 10;
    const Result slow = simulate_apart(config, path);
    EXPECT_TRUE(slow.delivered_ok);
    EXPECT_LT(2 * metric_of(slow, "rx_missed"), metric_of(open, "rx_missed")) << path;
  }
}

/// A log broker whose NIC gets rid of what producers send at a fifth of the rate at which it comes.
Config slow_broker() {
  Config config = slow_dma();
  config.workload.kind = WorkloadKind::kLogBroker;
  config.workload.clients = 2;
  config.broker.partitions = 2;
  config.broker.lag = Bytes(0);
  config.broker.batches = 100;
  config.broker.rate = 1e6;
  config.nic.rx_fifo = kKiB * 64;
  return config;
}

TEST(RxFifo, ProducersSendAgainWhatIsDropped) {
  for (const char* const path : {"read_write", "sendfile"}) {
    SCOPED_TRACE(path);
    const Result result = simulate_apart(slow_broker(), path);
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_GT(metric_of(result, "rx_missed"), 0U);
    EXPECT_EQ(metric_of(result, "appended_bytes"), 2U * 100 * 16 * 1024);
    EXPECT_GE(moved(result, "receive"), metric_of(result, "appended_bytes"));
  }
}

// Nothing that the server sends gets lost: it sends again only what nobody has acknowledged, as far
// as it knows. A NIC that encrypts has to read records again that were sent before the first drop.
TEST(RxFifo, ConsumersAreServedThoughTheirAcknowledgementsAreDropped) {
  Config config = slow_broker();
  config.workload.data = Data::kBytes;
  config.nic.tls_offload = TlsOffload::kZerocopy;
  config.workload.clients = 8;
  config.socket.ack_every = 1;
  config.broker.batches = 300;
  config.broker.rate = 1e7;
  for (const char* const path : {"read_write", "sendfile", "user_tls", "ktls_sendfile"}) {
    SCOPED_TRACE(path);
    const Result result = simulate_apart(config, path);
    EXPECT_TRUE(result.delivered_ok);
    EXPECT_EQ(metric_of(result, "corrupted_bytes"), 0U);
    EXPECT_EQ(metric_of(result, "frames_lost"), 0U);
    EXPECT_GT(metric_of(result, "retransmits"), 0U);
    const bool by_nic = std::string(path) == "ktls_sendfile";
    EXPECT_EQ(metric_of(result, "tls_resync_bytes") > 0, by_nic);
    config.nic.flow_control = true;
    EXPECT_EQ(metric_of(simulate_apart(config, path), "retransmits"), 0U);
    config.nic.flow_control = false;
  }
}

TEST(RxFifo, WithFlowControlProducersWait) {
  Config config = slow_broker();
  config.nic.flow_control = true;
  const Result result = simulate_apart(config, "sendfile");
  EXPECT_TRUE(result.delivered_ok);
  EXPECT_EQ(metric_of(result, "rx_missed"), 0U);
  EXPECT_GT(metric_of(result, "rx_pauses"), 0U);
  EXPECT_EQ(moved(result, "receive"), metric_of(result, "appended_bytes"));
}

TEST(RxFifo, NothingIsDroppedWhereAllThatMayComeHasRoom) {
  Config config = slow_dma();
  config.socket.receive_buffer = kMiB;
  config.nic.rx_fifo = kMiB * 4;  // three connections, and headers
  for (const char* const path : {"proxy_read_write", "proxy_splice"}) {
    const Result result = simulate_apart(config, path);
    EXPECT_EQ(metric_of(result, "rx_missed"), 0U) << path;
    EXPECT_EQ(moved(result, "receive"), metric_of(result, "payload_bytes")) << path;
    EXPECT_TRUE(result.delivered_ok) << path;
  }
}

// The driver comes once in 20 ms, and 1024 buffers last for 1.26 ms: the others wait in the FIFO,
// and when that is full, they are dropped.
TEST(RxFifo, FramesWithoutABufferWaitInItAndAreCounted) {
  Config config;
  config.workload.file_size = Bytes(5'000'000);
  config.nic.interrupt_delay = milliseconds(20);
  config.nic.rx_fifo = kMiB * 8;
  const Result waits = simulate_apart(config, "proxy_splice");
  EXPECT_GT(metric_of(waits, "rx_no_buffer"), 500U);
  EXPECT_EQ(metric_of(waits, "rx_missed"), 0U);
  EXPECT_EQ(moved(waits, "receive"), 5'000'000U);
  config.nic.rx_fifo = kKiB * 512;
  const Result drops = simulate_apart(config, "proxy_splice");
  EXPECT_GT(metric_of(drops, "rx_missed"), 0U);
  EXPECT_TRUE(drops.delivered_ok);
}

}  // namespace
}  // namespace copypath
