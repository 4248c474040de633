// Laws of the receiving socket: a reader gets what is there, at least a byte and at most what it
// asked for, in order; memory lives as long as its last reference; whole packets that were taken
// are acknowledged. And of the NIC below it: a packet takes its DMA, its interrupt and its softirq,
// to the picosecond; buffers come back, and when they run out nothing is lost.
#include "models/kernel/tcp_receiver.h"

#include <random>

#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

using sc_core::SC_ZERO_TIME;

class TcpReceiverTest : public KernelTest {
protected:
  TcpReceiverTest() {
    config_.cpu.cores = 2;
    config_.cpu.interrupt = config_.cpu.context_switch = config_.cpu.skb = SC_ZERO_TIME;
    config_.cpu.receive = SC_ZERO_TIME;
    config_.memory.latency = SC_ZERO_TIME;
    config_.nic.interrupt_delay = SC_ZERO_TIME;
    config_.workload.file_size = Bytes(10'000'000);
  }

  TcpReceiver& receiver() {
    if (!receiver_) {
      receiver_ = std::make_unique<TcpReceiver>(3, bench().kernel.device, bench().kernel.skbs);
    }
    return *receiver_;
  }
  void send(std::uint64_t sequence, std::uint64_t bytes) {
    bench().peer.send(3, bench().media, sequence, bytes);
  }
  void send_at(sc_time time, std::uint64_t sequence, std::uint64_t bytes) {
    spawn_at(time, "peer", [=] { send(sequence, bytes); });
  }
  std::uint64_t allocate(std::uint64_t bytes) {
    const auto frames = static_cast<unsigned>(units_covering(Bytes(bytes), kPageSize));
    return address_of(bench().memory.memory.allocate_adjacent(frames));
  }
  bool holds(const SegmentList& list, std::uint64_t offset) {
    return bench().media.holds(0, offset, size_of(list), bench().memory.bus.inspect(list));
  }
  std::uint64_t account(Movement movement) { return bench().memory.ledger.account(movement).bytes; }

private:
  std::unique_ptr<TcpReceiver> receiver_;
};

TEST_F(TcpReceiverTest, TakesWhatIsThereAndNoMoreThanItWants) {
  receiver();
  const std::uint64_t buffer = allocate(10'000);
  send_at(microseconds(10), 0, 1000);
  send_at(microseconds(30), 1000, 2000);
  spawn_task([=](Task& task) {
    EXPECT_EQ(receiver().recv(task, buffer, Bytes(5000)), Bytes(1000)) << "a short read";
    EXPECT_GT(sc_core::sc_time_stamp(), microseconds(10));
    EXPECT_EQ(receiver().recv(task, buffer, Bytes(1)), Bytes(1));
    EXPECT_GT(sc_core::sc_time_stamp(), microseconds(30)) << "it has waited for more";
    EXPECT_TRUE(holds({{buffer, 1}}, 1000));
    EXPECT_EQ(receiver().recv(task, buffer, Bytes(1500)), Bytes(1500));
    EXPECT_TRUE(holds({{buffer, 1500}}, 1001));
    EXPECT_EQ(receiver().queued(), Bytes(499));
    EXPECT_EQ(receiver().recv(task, buffer, Bytes(10'000)), Bytes(499));
    EXPECT_TRUE(holds({{buffer, 499}}, 2501));
  });
  run();
  EXPECT_EQ(account(Movement::kReceive), 3000U);
  EXPECT_EQ(account(Movement::kCopyFromSocket), 3000U);
}

TEST_F(TcpReceiverTest, WhateverIsReadAndSplicedIsTheStream) {
  receiver();
  const std::uint64_t total = 1'000'000;
  spawn_at(microseconds(1), "peer", [&] {
    std::mt19937 random(1);
    for (std::uint64_t at = 0; at < total;) {
      const std::uint64_t n = std::min<std::uint64_t>(1 + random() % 65160, total - at);
      send(at, n);
      at += n;
      if (random() % 2 == 0) sc_core::wait(microseconds(static_cast<double>(random() % 50)));
    }
  });
  const std::uint64_t buffer = allocate(100'000);
  spawn_task([&, buffer](Task& task) {
    std::mt19937 random(2);
    for (std::uint64_t at = 0; at < total;) {
      const std::uint64_t wanted = 1 + random() % (random() % 2 == 0 ? 100 : 100'000);
      SegmentList got;
      FragmentList pipe;
      if (random() % 3 == 0) {
        pipe = receiver().splice_read(task, Bytes(wanted), 16);
        EXPECT_LE(pipe.size(), 16U);
        for (const Fragment& fragment : pipe) got.push_back(fragment.segment);
      } else {
        got = {{buffer,
                static_cast<std::uint32_t>(receiver().recv(task, buffer, Bytes(wanted)).count())}};
      }
      ASSERT_GE(size_of(got).count(), 1U);
      ASSERT_LE(size_of(got).count(), wanted);
      ASSERT_TRUE(holds(got, at)) << at;
      at += size_of(got).count();
      for (const Fragment& fragment : pipe) bench().kernel.skbs.put(fragment);
    }
  });
  run();
  EXPECT_EQ(receiver().queued(), Bytes(0));
}

TEST_F(TcpReceiverTest, APipeTakesSixteenFrames) {
  receiver();
  send_at(microseconds(1), 0, 20 * 1448);
  spawn_task(microseconds(500), [&](Task& task) {
    EXPECT_EQ(size_of(receiver().splice_read(task, Bytes(65536), 16)), Bytes(16 * 1448));
    EXPECT_EQ(receiver().splice_read(task, Bytes(65536), 16).size(), 4U);
  });
  run();
}

TEST_F(TcpReceiverTest, MemoryLivesAsLongAsItsLastReference) {
  receiver();
  const PhysicalMemory& memory = bench().memory.memory;
  const std::uint64_t lent = memory.frames_in_use();
  EXPECT_EQ(lent, 32U * 16) << "32 buffers of 64 KiB wait for frames";
  const std::uint64_t frames = 32;  // in the slots of 2 KiB of one buffer
  send_at(microseconds(1), 0, (frames + 1) * 1448);
  spawn_task(microseconds(500), [=, &memory](Task& task) {
    EXPECT_EQ(memory.frames_in_use(), lent + 16) << "a full one has been replaced";
    FragmentList pipe = receiver().splice_read(task, Bytes(frames * 1448), 100);
    ASSERT_EQ(pipe.size(), frames);
    for (std::size_t i = 0; i + 1 < frames; ++i) bench().kernel.skbs.put(pipe[i]);
    EXPECT_EQ(memory.frames_in_use(), lent + 16) << "one frame holds it";
    bench().kernel.skbs.put(pipe.back());
    EXPECT_EQ(memory.frames_in_use(), lent);
  });
  run();
}

TEST_F(TcpReceiverTest, AcknowledgesPacketsThatWereTakenWhole) {
  receiver();
  const auto& acknowledgements = bench().peer.small_packets;
  send_at(microseconds(1), 0, 3000);
  send_at(microseconds(2), 3000, 3000);
  const std::uint64_t buffer = allocate(10'000);
  spawn_task(microseconds(100), [=, &acknowledgements](Task& task) {
    receiver().recv(task, buffer, Bytes(2999));
    EXPECT_TRUE(acknowledgements.empty());
    receiver().recv(task, buffer, Bytes(1));
    ASSERT_EQ(acknowledgements.size(), 1U);
    const Bytes room = config_.socket.receive_buffer;
    EXPECT_EQ(acknowledgements[0].sequence, 6000U) << "what is there";
    EXPECT_EQ(acknowledgements[0].offers, room - Bytes(3000)) << "but half of it is in the buffer";
    EXPECT_EQ(acknowledgements[0].connection, 3U);
    receiver().recv(task, buffer, Bytes(10'000));
    ASSERT_EQ(acknowledgements.size(), 2U);
    EXPECT_EQ(acknowledgements[1].sequence, 6000U);
    EXPECT_EQ(acknowledgements[1].offers, room);
  });
  run();
}

TEST_F(TcpReceiverTest, APacketTakesItsWayToThePicosecond) {
  config_.cpu.interrupt = microseconds(2);
  config_.cpu.receive = microseconds(3);
  config_.cpu.skb = nanoseconds(700);
  config_.cpu.copy_rate = Rate(2e9);
  receiver();
  const std::uint64_t buffer = allocate(20'000);
  const sc_time arrival = microseconds(50);
  send_at(arrival, 0, 10 * 1448);
  const Process& reader =
      spawn_task([=](Task& task) { receiver().recv(task, buffer, Bytes(20'000)); });
  // A batch of 128 descriptors of 16 bytes, the payload, and for each frame 66 bytes of headers and
  // its descriptor written back; then interrupt, softirq, copy, acknowledgement.
  const PcieLink link(config_.pcie.nic, config_.pcie);
  SegmentList beside;
  for (int i = 0; i < 10; ++i) beside.insert(beside.end(), {{0, 66}, {0, 16}});
  const sc_time dma = Bytes(128 * 16) / link.read(Bytes(128 * 16)) +
                      Bytes(14'480) / link.write(Bytes(1448)) +
                      Bytes(10 * (66 + 16)) / link.write(beside);
  run_to_edge(reader, arrival + dma + microseconds(2) + microseconds(3) + nanoseconds(7240) +
                          nanoseconds(700));
  EXPECT_EQ(account(Movement::kReceiveDescriptors), 2048U);
  EXPECT_EQ(account(Movement::kReceiveFrames), 820U);
}

TEST_F(TcpReceiverTest, NothingIsLostWhenBuffersRunOut) {
  config_.nic.interrupt_delay = milliseconds(50);  // the driver comes when all has arrived
  config_.nic.rx_fifo = kMiB * 4;
  receiver();
  const std::uint64_t total = 3'000'000;  // 2100 frames; the buffers take 1024
  const std::uint64_t buffer = allocate(total);
  spawn_at(microseconds(1), "peer", [&] {
    for (std::uint64_t at = 0; at < total; at += 60'000) send(at, 60'000);
  });
  spawn_at(milliseconds(40), "look", [&] {
    // The first interrupt came at once, for 42 frames, which had filled a buffer.
    EXPECT_LE(account(Movement::kReceive), 33U * 32 * 1448) << "no more than there is room for";
    EXPECT_GT(account(Movement::kReceive), 32U * 32 * 1448 - 60'000);
  });
  spawn_task([=](Task& task) {
    for (std::uint64_t at = 0; at < total;) {
      const Bytes n = receiver().recv(task, buffer, Bytes(total));
      EXPECT_TRUE(holds({{buffer, static_cast<std::uint32_t>(n.count())}}, at));
      at += n.count();
    }
  });
  run();
  EXPECT_EQ(account(Movement::kReceive), total);
}

TEST_F(TcpReceiverTest, ARequestGoesOutAtOnce) {
  spawn_task(microseconds(1), [&](Task& task) {
    receiver().send_request(task);
    ASSERT_EQ(bench().peer.small_packets.size(), 1U);
    EXPECT_EQ(bench().peer.small_packets[0].kind, Packet::Kind::kRequest);
    EXPECT_EQ(bench().peer.small_packets[0].connection, 3U);
  });
  receiver();
  run();
}

}  // namespace
}  // namespace copypath
