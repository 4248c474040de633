// Laws of io_uring: nothing happens before io_uring_enter(); a read posts one completion and a send
// two, the second when the peer has acknowledged; sends keep their order; reads of a batch overlap;
// registered buffers are pinned once.
#include "models/kernel/io_uring.h"

#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

constexpr std::uint64_t kChunk = 65536;

class IoUringTest : public KernelTest {
protected:
  IoUringTest() {
    config_.cpu.cores = 2;
    config_.cpu.interrupt = sc_core::SC_ZERO_TIME;
    config_.nic.interrupt_delay = sc_core::SC_ZERO_TIME;
    config_.workload.file_size = Bytes(10 * kChunk + 1);
  }

  IoUring& ring() {
    if (!ring_) ring_ = std::make_unique<IoUring>(bench().kernel.block, bench().add_socket());
    return *ring_;
  }

  void register_buffers(Task& task, unsigned count) {
    std::vector<std::uint64_t> addresses;
    for (unsigned i = 0; i < count; ++i) {
      addresses.push_back(address_of(bench().memory.memory.allocate_adjacent(16)));
    }
    ring().register_buffers(task, addresses, Bytes(kChunk));
  }

  std::unique_ptr<IoUring> ring_;
};

TEST_F(IoUringTest, AReadPostsOneCompletionAndASendTwo) {
  spawn_task([&](Task& task) {
    register_buffers(task, 11);
    OpenFile file = page_cache().open(0);
    std::vector<Bytes> sizes;
    for (unsigned i = 0; i < 11; ++i) sizes.push_back(ring().prepare_read(file, i, Bytes(kChunk)));
    EXPECT_EQ(sizes.back(), Bytes(1)) << "the end of the file";
    EXPECT_EQ(bench().disk_commands(), 0U) << "in the ring, not submitted";
    ring().submit_and_wait(task);
    EXPECT_EQ(ring().completions(), 11U);
    for (unsigned i = 0; i < 11; ++i) ring().prepare_send(i, sizes[i]);
    ring().submit_and_wait(task);
    EXPECT_EQ(ring().completions(), 11U + 2 * 11U);
    EXPECT_EQ(ring().sends_completed(), 11U);
  });
  run();
  Content content;
  for (const auto& arrival : bench().peer.arrivals) {
    for (const copypath::Run& part : arrival.content.runs()) content.append(part);
  }
  EXPECT_TRUE(bench().media.holds(0, 0, config_.workload.file_size, content)) << "in order";
  EXPECT_EQ(bench().memory.ledger.bytes(Purpose::kCopy), Bytes(0));
  EXPECT_EQ(ring().sends_copied(), 0U);
}

TEST_F(IoUringTest, TheSecondCompletionComesWithTheAcknowledgement) {
  bench().peer.acknowledges = false;
  const Process& sender = spawn_task([&](Task& task) {
    register_buffers(task, 1);
    ring().prepare_send(0, Bytes(5000));
    ring().submit_and_wait(task);
  });
  spawn_at(milliseconds(5), "peer", [&] {
    EXPECT_EQ(bench().peer.received(0), 5000U);
    EXPECT_EQ(ring().completions(), 1U) << "F_MORE";
    EXPECT_EQ(ring().sends_completed(), 0U);
    bench().peer.acknowledge(0, 5000);
  });
  run_until(milliseconds(5));
  EXPECT_FALSE(sender.finished);
  run();
  EXPECT_EQ(ring().completions(), 2U) << "F_NOTIF";
}

TEST_F(IoUringTest, ReadsOfABatchOverlap) {
  config_.disk.latency = milliseconds(1);
  const Process& reader = spawn_task([&](Task& task) {
    register_buffers(task, 10);
    OpenFile file = page_cache().open(0);
    for (unsigned i = 0; i < 10; ++i) ring().prepare_read(file, i, Bytes(kChunk));
    ring().submit_and_wait(task);
  });
  run();
  EXPECT_GT(reader.finish, milliseconds(1));
  EXPECT_LT(reader.finish, milliseconds(2)) << "one after the other would take ten";
}

TEST_F(IoUringTest, SendsThatFindTheBufferFullAreTriedAgain) {
  config_.socket.send_buffer = Bytes(4096);
  spawn_task([&](Task& task) {
    register_buffers(task, 4);
    for (unsigned i = 0; i < 4; ++i) ring().prepare_send(i, Bytes(kChunk));
    ring().submit_and_wait(task);
  });
  run();
  EXPECT_EQ(bench().peer.received(0), 4 * kChunk);
}

TEST_F(IoUringTest, RegisteredBuffersArePinnedOnce) {
  config_.cpu.context_switch = sc_core::SC_ZERO_TIME;
  config_.cpu.skb = sc_core::SC_ZERO_TIME;
  config_.cpu.pin_page = microseconds(10);
  config_.cpu.uring_request = microseconds(1);
  spawn_task([&](Task& task) {
    register_buffers(task, 3);
    task.settle();
    EXPECT_EQ(sc_core::sc_time_stamp(), microseconds(3 * 16 * 10));
    const sc_time busy = bench().cpu.busy();
    ring().prepare_send(0, Bytes(4096));
    ring().submit_and_wait(task);
    task.settle();
    EXPECT_EQ(bench().cpu.busy() - busy, microseconds(1) + 2 * config_.cpu.uring_completion)
        << "one request and its two completions";
  });
  run();
}

}  // namespace
}  // namespace copypath
