// Laws of the network device as the kernel sees it: a descriptor for the headers and one for each
// fragment; a full ring holds packets back, in order, and loses none; the interrupt gives back what
// the NIC has sent.
#include "models/kernel/net_device.h"

#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

class NetDeviceTest : public KernelTest {
protected:
  NetDeviceTest() {
    config_.socket.send_buffer = Bytes(10'000'000);
    config_.nic.rate = Rate::bits(1e9);
  }

  void spawn_writer(TcpSocket& socket, std::uint64_t total, std::uint64_t chunk) {
    spawn_task([=, &socket](Task& task) {
      const std::uint64_t address = bench().buffer(0, 0, total).front().address;
      for (std::uint64_t at = 0; at < total; at += chunk) {
        const auto n = static_cast<std::uint32_t>(std::min(chunk, total - at));
        socket.send(task, {{address + at, n}});
      }
    });
  }
  void spawn_page_sender(TcpSocket& socket, std::uint64_t total) {
    spawn_task([=, &socket](Task& task) {
      OpenFile file = page_cache().open(0);
      file.position = Bytes(1);  // so that a packet takes 17 fragments
      while (file.position <= Bytes(total)) {
        SegmentList pages;
        page_cache().get_pages(task, file, Bytes(total + 1) - file.position, pages);
        file.position += size_of(pages);
        socket.send_pages(task, fragments(pages), file.position <= Bytes(total));
      }
    });
  }

  std::uint64_t descriptors() {
    return bench().memory.ledger.account(Movement::kDescriptors).bytes / 16;
  }
};

TEST_F(NetDeviceTest, OneDescriptorForTheHeadersAndOnePerFragment) {
  TcpSocket& socket = bench().add_socket();
  spawn_page_sender(socket, 10'000);  // pages 0 to 2
  run();
  EXPECT_EQ(descriptors(), 4U);
  EXPECT_EQ(bench().peer.received(0), 10'000U);
}

TEST_F(NetDeviceTest, WithoutSegmentationEachFrameHasItsDescriptors) {
  config_.nic.segmentation_offload = false;
  TcpSocket& socket = bench().add_socket();
  spawn_writer(socket, 10 * 1448 + 1, 65536);
  run();
  EXPECT_EQ(
      bench().peer.packet_sizes(),
      (std::vector<std::uint64_t>{1448, 1448, 1448, 1448, 1448, 1448, 1448, 1448, 1448, 1448, 1}));
  EXPECT_EQ(descriptors(), 11 * 2U);
  EXPECT_EQ(bench().kernel.skbs.in_use(), 0U);
}

TEST_F(NetDeviceTest, FramesOfOnePacketWaitForRoomInTheRing) {
  config_.nic.segmentation_offload = false;
  config_.nic.ring = 19;
  for (int i = 0; i < 2; ++i) bench().add_socket();
  spawn_writer(*bench().sockets[0], 200'001, 65536);
  spawn_page_sender(*bench().sockets[1], 200'001);
  run();
  EXPECT_GT(bench().kernel.device.requeues(), 0U);
  EXPECT_EQ(bench().peer.received(0), 200'001U);
  EXPECT_EQ(bench().peer.received(1), 200'001U);
  EXPECT_EQ(bench().kernel.skbs.in_use(), 0U);
}

TEST_F(NetDeviceTest, FullRingPushesBackAndLosesNothing) {
  config_.nic.ring = 19;  // room for one packet of 17 fragments
  for (int i = 0; i < 4; ++i) bench().add_socket();
  spawn_writer(*bench().sockets[0], 500'000, 65536);
  spawn_writer(*bench().sockets[1], 500'000, 10'000);
  spawn_page_sender(*bench().sockets[2], 500'000);
  spawn_page_sender(*bench().sockets[3], 300'000);
  run();
  EXPECT_GT(bench().kernel.device.requeues(), 0U);
  EXPECT_EQ(bench().peer.received(0), 500'000U);
  EXPECT_EQ(bench().peer.received(1), 500'000U);
  EXPECT_EQ(bench().peer.received(2), 500'000U);
  EXPECT_EQ(bench().peer.received(3), 300'000U);
  EXPECT_EQ(bench().kernel.skbs.in_use(), 0U);
}

TEST_F(NetDeviceTest, SmallPacketDoesNotOvertakeALargeOne) {
  config_.nic.ring = 24;  // full of the first packet, with room for the third
  TcpSocket& socket = bench().add_socket();
  spawn_task([&](Task& task) {
    OpenFile file = page_cache().open(0);
    while (file.position < Bytes(2 * 65160)) {  // two packets of 16 fragments
      SegmentList pages;
      page_cache().get_pages(task, file, Bytes(2 * 65160) - file.position, pages);
      file.position += size_of(pages);
      socket.send_pages(task, fragments(pages), true);
    }
    socket.send(task, bench().buffer(0, 2 * 65160, 65160));  // one of 2
  });
  run();  // the peer checks the order
  EXPECT_EQ(bench().kernel.device.requeues(), 2U);
  EXPECT_EQ(bench().peer.received(0), 3 * 65160U);
}

TEST_F(NetDeviceTest, LargeRingTakesEverythingAtOnce) {
  config_.nic.ring = 1024;
  bench().add_socket();
  spawn_writer(*bench().sockets[0], 500'000, 65536);
  run();
  EXPECT_EQ(bench().kernel.device.requeues(), 0U);
}

TEST_F(NetDeviceTest, RingThatIsFullOfSentPacketsWaitsForTheInterrupt) {
  config_.nic.ring = 19;
  config_.nic.interrupt_delay = milliseconds(10);
  bench().add_socket();
  spawn_page_sender(*bench().sockets[0], 4 * 65160);
  run();
  // The first packet is reported at once, the others one per interrupt, as only one fits the ring.
  const auto& arrivals = bench().peer.arrivals;
  ASSERT_GE(arrivals.size(), 4U);
  for (std::size_t i = 2; i < arrivals.size(); ++i) {
    EXPECT_GE(arrivals[i].time - arrivals[i - 1].time, milliseconds(9)) << i;
  }
}

}  // namespace
}  // namespace copypath
