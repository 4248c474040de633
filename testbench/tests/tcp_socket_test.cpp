// Laws of the sending socket: the window bounds what is unacknowledged, the send buffer what is
// queued; writers wake when a third is free; memory lives until the acknowledgement; packets are
// filled to tcp_xmit_size_goal() and corked while the device is busy; whatever was sent arrives.
#include "models/kernel/tcp_socket.h"

#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

constexpr std::uint64_t kGoal = 65160;  // 45 segments of 1448 bytes fit into 65535 - 320
using Sizes = std::vector<std::uint64_t>;

class TcpSocketTest : public KernelTest {
protected:
  TcpSocketTest() {
    config_.cpu.cores = 2;
    config_.cpu.interrupt = sc_core::SC_ZERO_TIME;
    config_.nic.interrupt_delay = sc_core::SC_ZERO_TIME;
    config_.socket.send_buffer = Bytes(100'000'000);
    config_.workload.file_size = Bytes(100'000'000);
  }

  /// Writes `total` bytes in writes of `chunk`; what is written are the file's bytes.
  const Process& spawn_writer(TcpSocket& socket, std::uint64_t total, std::uint64_t chunk) {
    return spawn_task([=, &socket](Task& task) {
      const std::uint64_t address = bench().buffer(0, 0, total).front().address;
      for (std::uint64_t at = 0; at < total; at += chunk) {
        const auto n = static_cast<std::uint32_t>(std::min(chunk, total - at));
        socket.send(task, {{address + at, n}});
      }
    });
  }

  std::uint64_t packets() { return bench().peer.arrivals.size(); }

  /// Everything that was written came, in order; nothing is left in the kernel.
  void expect_all(std::uint64_t total) {
    Content content;
    for (const auto& arrival : bench().peer.arrivals) {
      for (const copypath::Run& part : arrival.content.runs()) content.append(part);
    }
    EXPECT_TRUE(bench().media.holds(0, 0, Bytes(total), content));
    EXPECT_EQ(bench().kernel.skbs.in_use(), 0U);
    for (const auto& socket : bench().sockets) EXPECT_EQ(socket->queued(), Bytes(0));
  }

  void use_slow_wire(double bits_per_second = 1e8) {
    config_.nic.rate = Rate::bits(bits_per_second);
  }
};

TEST_F(TcpSocketTest, WindowBoundsWhatIsUnacknowledged) {
  config_.socket.window = Bytes(200'000);
  TcpSocket& socket = bench().add_socket();
  bench().peer.acknowledges = false;
  spawn_writer(socket, 1'000'000, 65536);
  spawn_at(milliseconds(10), "peer", [&] {
    EXPECT_EQ(packets(), 200'000 / kGoal);
    bench().peer.acknowledge(0, kGoal - 1);  // not the whole packet
    sc_core::wait(milliseconds(1));
    EXPECT_EQ(packets(), 3U);
    bench().peer.acknowledge(0, kGoal);
    sc_core::wait(milliseconds(1));
    EXPECT_EQ(packets(), 4U) << "one has made room for one";
    bench().peer.acknowledge(0, 4 * kGoal);
    sc_core::wait(milliseconds(1));
    EXPECT_EQ(packets(), 7U);
  });
  run();
}

TEST_F(TcpSocketTest, WindowSmallerThanAPacketLetsOneThrough) {
  config_.socket.window = Bytes(2000);
  TcpSocket& socket = bench().add_socket();
  bench().peer.acknowledges = false;
  spawn_writer(socket, 300'000, 65536);
  spawn_at(milliseconds(10), "peer", [&] {
    EXPECT_EQ(packets(), 1U);
    bench().peer.acknowledge(0, bench().peer.received(0));
    sc_core::wait(milliseconds(1));
    EXPECT_EQ(packets(), 2U);
  });
  run();
}

TEST_F(TcpSocketTest, WindowBoundThroughput) {
  config_.socket.window = Bytes(1'000'000);
  config_.socket.rtt = milliseconds(1);
  config_.nic.rate = Rate::bits(100e9);
  config_.pcie.nic = {5, 16};  // some 50 GB/s
  TcpSocket& socket = bench().add_socket();
  const std::uint64_t total = 30'000'000;
  spawn_writer(socket, total, 1'000'000);
  run();
  expect_all(total);
  // As many whole packets as fit the window (15) leave per cycle, which is a round trip and the way
  // from the acknowledgement to the end of the packet that it lets out. Packet n leaves in cycle
  // n / 15; within a cycle they follow each other at line rate.
  const double line = (kGoal + 45 * 90) / 12.5e9;
  const double cycle = 1e-3 + (17 * 16 + 66 + 1448) / 50e9 + 2 * 90e-9 + line;
  const std::uint64_t last = total / kGoal;
  const std::uint64_t cycles = last / 15, rest = last % 15;
  const double expected = static_cast<double>(cycles) * cycle + static_cast<double>(rest) * line;
  const auto& arrivals = bench().peer.arrivals;
  ASSERT_EQ(arrivals.size(), last + 1);
  EXPECT_NEAR((arrivals.back().time - arrivals.front().time).to_seconds(), expected,
              0.01 * expected);
}

TEST_F(TcpSocketTest, WriterBlocksWhenTheBufferIsFullUntilAThirdIsFree) {
  config_.socket.send_buffer = Bytes(600'000);
  config_.socket.window = Bytes(10'000'000);
  TcpSocket& socket = bench().add_socket();
  bench().peer.acknowledges = false;
  const Process& writer = spawn_writer(socket, 2'000'000, 2'000'000);
  spawn_at(milliseconds(10), "peer", [&] {
    // The packet in which the buffer became full was filled.
    EXPECT_EQ(socket.queued(), Bytes(10 * kGoal));
    bench().peer.acknowledge(0, 3 * kGoal);  // 456 120 bytes are left: more than two thirds
    sc_core::wait(milliseconds(10));
    EXPECT_EQ(socket.queued(), Bytes(7 * kGoal)) << "still asleep";
    bench().peer.acknowledge(0, 4 * kGoal);  // 390 960 are left
    sc_core::wait(milliseconds(10));
    EXPECT_EQ(socket.queued(), Bytes(10 * kGoal)) << "awake, and full again";
    EXPECT_FALSE(writer.finished);
    for (int i = 0; i < 10; ++i) {
      bench().peer.acknowledge(0, bench().peer.received(0));
      sc_core::wait(milliseconds(10));
    }
  });
  run();
  expect_all(2'000'000);
}

TEST_F(TcpSocketTest, MemoryIsReleasedOnAcknowledgementNotOnTransmission) {
  TcpSocket& socket = bench().add_socket();
  bench().peer.acknowledges = false;
  const std::uint64_t total = 5 * kGoal;
  spawn_writer(socket, total, total);
  spawn_at(milliseconds(20), "peer", [&] {
    ASSERT_EQ(packets(), 5U) << "all of it has left";
    const std::uint64_t buffer = units_covering(Bytes(total), kPageSize);
    const std::uint64_t fragments = units_covering(Bytes(total), Bytes(32768));  // of 8 pages
    EXPECT_EQ(bench().kernel.skbs.in_use(), 5U);
    EXPECT_EQ(bench().frames_in_use(), buffer + 8 * fragments);
    bench().peer.acknowledge(0, 2 * kGoal);
    sc_core::wait(microseconds(2));
    EXPECT_EQ(bench().kernel.skbs.in_use(), 3U);
    // The first two packets end in the middle of the fourth fragment.
    EXPECT_EQ(bench().frames_in_use(), buffer + 8 * (fragments - 3));
    bench().peer.acknowledge(0, total);
    sc_core::wait(microseconds(2));
    EXPECT_EQ(bench().frames_in_use(), buffer + 8) << "and the fragment that it goes on to fill";
  });
  run();
  expect_all(total);
}

TEST_F(TcpSocketTest, AcknowledgedPacketStaysUntilTheDeviceIsDoneWithIt) {
  config_.nic.interrupt_delay = milliseconds(1);
  TcpSocket& socket = bench().add_socket();
  bench().peer.acknowledges = false;
  spawn_writer(socket, 3 * kGoal, 3 * kGoal);
  spawn_at(milliseconds(20), "peer", [&] { bench().peer.acknowledge(0, 3 * kGoal); });
  run();
  expect_all(3 * kGoal);
}

TEST_F(TcpSocketTest, PacketsAreFilledToTheSizeGoal) {
  use_slow_wire();
  TcpSocket& socket = bench().add_socket();
  spawn_writer(socket, 10'000 + 4 * kGoal + 123, 10'000);
  run();
  // The first one finds the device idle and goes at once; the others wait, and fill up.
  EXPECT_EQ(bench().peer.packet_sizes(), (Sizes{10'000, kGoal, kGoal, kGoal, kGoal, 123}));
  expect_all(10'000 + 4 * kGoal + 123);
}

TEST_F(TcpSocketTest, SizeGoalIsWholeSegments) {
  config_.nic.mtu = Bytes(9000);
  use_slow_wire();
  TcpSocket& socket = bench().add_socket();
  spawn_writer(socket, 300'000, 300'000);
  run();
  const std::uint64_t goal = 7 * 8948;  // 7 segments fit into 65535 - 320
  EXPECT_EQ(bench().peer.packet_sizes(), (Sizes{goal, goal, goal, goal, 300'000 - 4 * goal}));
}

TEST_F(TcpSocketTest, SmallWritesAreCorkedWhileTheDeviceIsBusy) {
  use_slow_wire(1e7);
  TcpSocket& socket = bench().add_socket();
  spawn_writer(socket, 5000, 100);
  run();
  EXPECT_EQ(bench().peer.packet_sizes(), (Sizes{100, 4900}));
  expect_all(5000);
}

TEST_F(TcpSocketTest, SmallWritesGoAtOnceWhenTheDeviceIsIdle) {
  TcpSocket& socket = bench().add_socket();
  spawn_task([&](Task& task) {
    const SegmentList buffer = bench().buffer(0, 0, 100);
    for (int i = 0; i < 5; ++i) {
      socket.send(task, buffer);
      task.spend(microseconds(100));
    }
  });
  run();
  EXPECT_EQ(bench().peer.packet_sizes(), Sizes(5, 100));
}

TEST_F(TcpSocketTest, MoreHoldsAPartialPacketBack) {
  config_.page_cache.readahead = kMiB;
  TcpSocket& socket = bench().add_socket();
  const auto send = [&](Task& task, OpenFile& file, std::uint64_t bytes, bool more) {
    SegmentList pages;
    page_cache().get_pages(task, file, Bytes(bytes), pages);
    ASSERT_EQ(size_of(pages), Bytes(bytes));
    file.position += Bytes(bytes);
    socket.send_pages(task, fragments(pages), more);
    task.spend(milliseconds(1));
    task.settle();
  };
  spawn_task([&](Task& task) {
    OpenFile file = page_cache().open(0);
    send(task, file, 40'960, true);
    EXPECT_EQ(packets(), 0U) << "more was promised";
    send(task, file, 40'960, true);
    EXPECT_EQ(packets(), 1U) << "one is full";
    send(task, file, 4096, false);
    EXPECT_EQ(packets(), 2U);
  });
  run();
  expect_all(86'016);
  EXPECT_EQ(bench().frames_in_use(), page_cache().resident());
}

TEST_F(TcpSocketTest, AdjacentPiecesOfOnePageShareAFragment) {
  TcpSocket& socket = bench().add_socket();
  spawn_task([&](Task& task) {
    OpenFile file = page_cache().open(0);
    for (int i = 0; i < 30; ++i) {  // more pieces than an skb has fragments
      SegmentList pages;
      page_cache().get_pages(task, file, Bytes(100), pages);
      file.position += Bytes(100);
      socket.send_pages(task, fragments(pages), i < 29);
    }
  });
  run();
  EXPECT_EQ(bench().peer.packet_sizes(), Sizes{3000}) << "skb_can_coalesce()";
  EXPECT_EQ(bench().memory.ledger.account(Movement::kDescriptors).bytes, 2 * 16U);
  expect_all(3000);
}

TEST_F(TcpSocketTest, PagesInFlightStayInMemory) {
  config_.page_cache.size = kMiB;
  config_.page_cache.readahead = Bytes(0);
  TcpSocket& socket = bench().add_socket();
  bench().peer.acknowledges = false;
  spawn_task([&](Task& task) {
    OpenFile file = page_cache().open(0);
    SegmentList pages;
    page_cache().get_pages(task, file, Bytes(10 * 4096), pages);
    socket.send_pages(task, fragments(pages), false);
    for (std::uint64_t page = 10; page < 600; ++page) {
      file.position = Bytes(page * 4096);
      pages.clear();
      page_cache().get_pages(task, file, Bytes(4096), pages);
      page_cache().put_pages(pages.front());
    }
    const std::uint64_t misses = page_cache().misses();
    file.position = Bytes(0);
    pages.clear();
    page_cache().get_pages(task, file, Bytes(10 * 4096), pages);
    EXPECT_EQ(page_cache().misses(), misses) << "sent, but not acknowledged: all still there";
    for (const Segment& page : pages) page_cache().put_pages(page);
    bench().peer.acknowledge(0, 10 * 4096);
  });
  run();
  EXPECT_EQ(bench().kernel.skbs.in_use(), 0U);
  EXPECT_EQ(bench().frames_in_use(), page_cache().resident());
}

// Two round trips and 2 ms, then RFC 6298's timeout, which doubles: not sent again before.
TEST_F(TcpSocketTest, SendsAgainWhenATimerEndsAndNotBefore) {
  config_.faults.frame_loss = 1e-9;  // something might be lost
  config_.cpu.skb = sc_core::SC_ZERO_TIME;
  TcpSocket& socket = bench().add_socket();
  bench().peer.acknowledges = bench().peer.comes_once = false;
  sc_time sent;
  spawn_task([&](Task& task) {
    socket.send(task, bench().buffer(0, 0, 3 * 1448));
    sent = sc_core::sc_time_stamp();
  });
  run_until(milliseconds(1));
  const sc_time rtt = config_.socket.rtt;
  const sc_time probe = sent + rtt * 2 + milliseconds(2);
  const sc_time first = probe + rtt + milliseconds(200);
  const sc_time second = first + (rtt + milliseconds(200)) * 2;
  std::uint64_t again = 0;
  for (const sc_time& expiry : {probe, first, second}) {
    run_until(expiry);
    EXPECT_EQ(socket.retransmits(), again) << "not a picosecond before " << expiry;
    run_until(expiry + sc_time::from_value(1));
    EXPECT_EQ(socket.retransmits(), ++again);
  }
  run_until(second + milliseconds(1));
  ASSERT_EQ(packets(), 4U);
  EXPECT_EQ(bench().peer.arrivals[1].sequence, 2U * 1448) << "the last segment";
  EXPECT_EQ(bench().peer.arrivals[2].sequence, 0U) << "the first one asks";
  EXPECT_EQ(bench().peer.arrivals[3].sequence, 0U);
  bench().peer.acknowledge(0, 3 * 1448);
  run();
}

TEST_F(TcpSocketTest, RequestsAreTakenOneByOne) {
  TcpSocket& socket = bench().add_socket();
  const Process& server = spawn_task([&](Task& task) {
    socket.receive_request(task);
    socket.receive_request(task);
  });
  spawn_at(microseconds(10), "client", [&] { socket.take_request(); });
  spawn_at(microseconds(20), "client", [&] { socket.take_request(); });
  run();
  EXPECT_GE(server.finish, microseconds(20));
}

}  // namespace
}  // namespace copypath
