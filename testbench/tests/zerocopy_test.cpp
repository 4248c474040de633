// Laws of MSG_ZEROCOPY: a send is complete when its last skb has been acknowledged and the NIC is
// done with it; every call is reported once, in ranges that grow on the error queue; notifications
// take optmem until they are read; an skb has one notification; what is looped back is copied.
#include "models/kernel/zerocopy.h"

#include "testbench/tests/kernel_bench.h"

namespace copypath {
namespace {

constexpr std::uint64_t kGoal = 65160;  // 45 segments of 1448 bytes fit into 65535 - 320
constexpr std::uint64_t kOne = Zerocopy::kNotificationSize.count();

class ZerocopyTest : public KernelTest {
protected:
  ZerocopyTest() {
    config_.cpu.cores = 2;
    config_.cpu.interrupt = sc_core::SC_ZERO_TIME;
    config_.nic.interrupt_delay = sc_core::SC_ZERO_TIME;
    config_.socket.send_buffer = Bytes(100'000'000);
    config_.workload.file_size = Bytes(10'000'000);
  }

  /// A send call with MSG_ZEROCOPY of the file's next bytes; false: ENOBUFS.
  bool send(Task& task, std::uint64_t bytes) {
    const std::uint64_t address = bench().buffer(0, sent_, bytes).front().address;
    ZerocopySend call(socket(), task, Bytes(bytes));
    if (!call) return false;
    call.append(user_pages(address, Bytes(bytes)), false);
    sent_ += bytes;
    return true;
  }

  TcpSocket& socket() {
    if (bench().sockets.empty()) bench().add_socket();
    return *bench().sockets.front();
  }
  Zerocopy& zerocopy() { return socket().zerocopy(); }
  std::uint64_t packets() { return bench().peer.arrivals.size(); }

  void expect_all_arrived() {
    Content content;
    for (const auto& arrival : bench().peer.arrivals) {
      for (const copypath::Run& part : arrival.content.runs()) content.append(part);
    }
    EXPECT_TRUE(bench().media.holds(0, 0, Bytes(sent_), content));
    EXPECT_EQ(bench().kernel.skbs.in_use(), 0U);
  }

  std::uint64_t sent_ = 0;
};

TEST_F(ZerocopyTest, CompletesOnAcknowledgementNotOnTransmission) {
  bench().peer.acknowledges = false;
  spawn_task([&](Task& task) {
    send(task, 3 * kGoal);
    send(task, 100);
  });
  spawn_at(milliseconds(20), "peer", [&] {
    ASSERT_EQ(bench().peer.received(0), 3 * kGoal + 100) << "all of it has left";
    EXPECT_EQ(zerocopy().completed(), 0U);
    bench().peer.acknowledge(0, 3 * kGoal - 1);
    sc_core::wait(milliseconds(1));
    EXPECT_EQ(zerocopy().completed(), 0U) << "the last packet of the first send is missing";
    bench().peer.acknowledge(0, 3 * kGoal);
    sc_core::wait(milliseconds(1));
    EXPECT_EQ(zerocopy().completed(), 1U);
    bench().peer.acknowledge(0, 3 * kGoal + 100);
    sc_core::wait(milliseconds(1));
    EXPECT_EQ(zerocopy().completed(), 2U);
  });
  run();
  EXPECT_EQ(zerocopy().copied(), 0U);
  expect_all_arrived();
  EXPECT_EQ(bench().memory.ledger.bytes(Purpose::kCopy), Bytes(0));
  EXPECT_EQ(bench().memory.ledger.account(Movement::kTransmitUser).bytes, sent_);
}

TEST_F(ZerocopyTest, DoesNotCompleteWhileTheNicHasThePacket) {
  config_.nic.rate = Rate::bits(1e8);  // the packet takes five milliseconds
  bench().peer.acknowledges = false;
  spawn_task([&](Task& task) { send(task, kGoal); });
  spawn_at(milliseconds(1), "early", [&] {
    socket().take_acknowledgement(kGoal, bench().cpu.core(0));
    EXPECT_EQ(zerocopy().completed(), 0U);
    sc_core::wait(milliseconds(10));
    EXPECT_EQ(packets(), 1U);
    EXPECT_EQ(zerocopy().completed(), 1U);
  });
  run();
}

TEST_F(ZerocopyTest, OneNotificationIsOutstandingForAllThatIsComplete) {
  spawn_task([&](Task& task) {
    for (int i = 0; i < 10; ++i) {
      send(task, 5000);
      task.spend(milliseconds(1));
      task.settle();
      EXPECT_EQ(zerocopy().queued(), 1U);
    }
    const ZerocopyCompletion all = zerocopy().read();
    EXPECT_EQ(all.first, 0U);
    EXPECT_EQ(all.last, 9U);
    EXPECT_EQ(all.sends(), 10U);
    EXPECT_FALSE(all.copied);
    EXPECT_EQ(zerocopy().queued(), 0U);
    send(task, 5000);
    zerocopy().wait(task);
    EXPECT_EQ(zerocopy().read().first, 10U) << "the next one begins a range";
  });
  run();
  expect_all_arrived();
}

TEST_F(ZerocopyTest, WaitingForTheErrorQueueBlocksUntilTheAcknowledgement) {
  bench().peer.acknowledges = false;
  const Process& waiter = spawn_task([&](Task& task) {
    send(task, 5000);
    zerocopy().wait(task);
  });
  spawn_at(milliseconds(5), "peer", [&] { bench().peer.acknowledge(0, 5000); });
  run_until(milliseconds(5));
  EXPECT_FALSE(waiter.finished);
  run();
}

TEST_F(ZerocopyTest, CallsShareTheNotificationOfAnUnsentSkb) {
  config_.nic.rate = Rate::bits(1e7);
  config_.socket.optmem = Bytes(kOne + 576);  // two notifications
  spawn_task([&](Task& task) {
    EXPECT_TRUE(send(task, 100));                               // goes at once
    for (int i = 0; i < 9; ++i) EXPECT_TRUE(send(task, 1000));  // these wait for it
  });
  run();
  EXPECT_EQ(packets(), 2U) << "corked";
  EXPECT_EQ(zerocopy().completed(), 10U);
  EXPECT_EQ(zerocopy().read().sends(), 10U);
  expect_all_arrived();
}

TEST_F(ZerocopyTest, ANotificationStandsForAtMost512KiB) {
  config_.nic.rate = Rate::bits(1e7);
  config_.socket.optmem = Bytes(kOne + 576);
  spawn_task([&](Task& task) {
    EXPECT_TRUE(send(task, 100));
    EXPECT_TRUE(send(task, 256 * 1024));
    EXPECT_TRUE(send(task, 256 * 1024)) << "512 KiB exactly";
    EXPECT_FALSE(send(task, 1)) << "would need a third one";
  });
  run();
  EXPECT_EQ(zerocopy().refused(), 1U);
  expect_all_arrived();
}

TEST_F(ZerocopyTest, NotificationsTakeOptmemUntilTheyAreRead) {
  config_.socket.optmem = Bytes(575 + kOne);  // one byte too little for two
  bench().peer.acknowledges = false;
  spawn_task([&](Task& task) {
    EXPECT_TRUE(send(task, 5000));
    task.spend(milliseconds(1));
    task.settle();
    EXPECT_FALSE(send(task, 5000)) << "ENOBUFS";
    bench().peer.acknowledge(0, 5000);
    zerocopy().wait(task);
    EXPECT_FALSE(send(task, 5000)) << "on the error queue, but not read";
    zerocopy().read();
    EXPECT_TRUE(send(task, 5000));
    bench().peer.acknowledges = true;
  });
  run();
  EXPECT_EQ(zerocopy().refused(), 2U);
  EXPECT_EQ(zerocopy().completed(), 2U);
}

TEST_F(ZerocopyTest, TheCounterWrapsAround) {
  spawn_task([&](Task& task) {
    Zerocopy counter(Bytes(100'000), 0xfffffffe);
    for (int i = 0; i < 4; ++i) counter.begin(task, Bytes(1), nullptr)->put();
    const ZerocopyCompletion all = counter.read();
    EXPECT_EQ(all.first, 0xfffffffeU);
    EXPECT_EQ(all.last, 1U);
    EXPECT_EQ(all.sends(), 4U);
  });
  run();
}

TEST_F(ZerocopyTest, PinsEveryPageAndAllocatesEveryNotification) {
  config_.cpu.skb = sc_core::SC_ZERO_TIME;
  config_.cpu.context_switch = sc_core::SC_ZERO_TIME;
  config_.cpu.pin_page = microseconds(3);
  config_.cpu.zerocopy_notify = microseconds(100);
  spawn_task([&](Task& task) {
    const sc_time start = sc_core::sc_time_stamp();
    const std::uint64_t address = bench().buffer(0, 0, 5 * 4096).front().address;
    {
      ZerocopySend call(socket(), task, Bytes(3 * 4096));
      // From the last byte of a page to the first of the third: four pages are touched.
      call.append(user_pages(address + 4095, Bytes(2 * 4096 + 2)), false);
    }
    task.settle();
    EXPECT_EQ(sc_core::sc_time_stamp() - start, microseconds(100 + 4 * 3));
  });
  run();
}

TEST_F(ZerocopyTest, PagesAreFragmentsOfTheirOwn) {
  spawn_task([&](Task& task) { send(task, 16 * 4096); });
  run();
  // 15 pages and a part of the 16th, then its rest; and the headers of each packet.
  EXPECT_EQ(bench().peer.packet_sizes(), (std::vector<std::uint64_t>{kGoal, 16 * 4096 - kGoal}));
  EXPECT_EQ(bench().memory.ledger.account(Movement::kDescriptors).bytes, 16 * (17U + 2U));
}

struct Watched : UbufInfo {
  Watched() { restart(); }
  void released() override { done = true; }
  bool done = false;
};

TEST_F(ZerocopyTest, AnSkbHasOneNotification) {
  Watched one, two;
  bench().peer.acknowledges = false;
  spawn_task([&](Task& task) {
    const std::uint64_t address = bench().buffer(0, 0, 8192).front().address;
    socket().send_pages(task, user_pages(address, Bytes(4096)), true, &one);
    socket().send_pages(task, user_pages(address + 4096, Bytes(4096)), false, &two);
    one.put();
    two.put();
  });
  spawn_at(milliseconds(5), "peer", [&] {
    EXPECT_EQ(packets(), 2U);
    bench().peer.acknowledge(0, 4096);
    sc_core::wait(milliseconds(1));
    EXPECT_TRUE(one.done);
    EXPECT_FALSE(two.done);
    bench().peer.acknowledge(0, 8192);
  });
  run();
  EXPECT_TRUE(two.done);
}

// tcp_sendmsg_locked() before 4.17: no zerocopy for a NIC that cannot gather.
TEST_F(ZerocopyTest, CopiesForAPlainNicBefore417AndSaysSo) {
  config_.kernel = {4, 16};
  config_.nic.scatter_gather = false;
  config_.cpu.pin_page = milliseconds(1);
  spawn_task([&](Task& task) {
    send(task, 100'000);
    EXPECT_LT(sc_core::sc_time_stamp(), milliseconds(1)) << "nothing is pinned";
    EXPECT_EQ(zerocopy().completed(), 1U) << "the call has copied, so the memory is free";
    EXPECT_EQ(zerocopy().copied(), 1U);
    EXPECT_TRUE(zerocopy().read().copied);
  });
  run();
  EXPECT_EQ(bench().memory.ledger.account(Movement::kCopyFromUser).bytes, 100'000U);
  expect_all_arrived();
}

// ---- What is looped back.

TEST_F(ZerocopyTest, OrphanedFragmentsAreCopiedAndMarked) {
  config_.page_cache.readahead = Bytes(0);
  Watched notification;
  spawn_task([&](Task& task) {
    SkbAllocator& skbs = bench().kernel.skbs;
    Skb& skb = *skbs.allocate(socket(), 0);
    skb.ubuf = &notification;
    OpenFile file = page_cache().open(0);
    SegmentList mapped;
    page_cache().get_pages(task, file, Bytes(8192), mapped);
    for (const Segment& page : mapped) skbs.append(skb, {page, Place::kPageCache});
    const SegmentList buffer = bench().buffer(0, 8192, 5000);
    for (const Fragment& page : user_pages(buffer.front().address, Bytes(5000))) {
      skbs.append(skb, page);
    }
    orphan_fragments(skb, skbs, task);
    EXPECT_TRUE(notification.copied());
    EXPECT_FALSE(notification.done) << "TCP still has the skb";
    ASSERT_EQ(skb.fragment_count, 1U);
    EXPECT_EQ(skb.runs[0].place, Place::kSocketBuffer);
    EXPECT_EQ(skb.bytes, Bytes(13'192));
    Content content;
    bench().memory.ports[0].dma_read(Movement::kTransmitCopy, {skb.runs[0].segment}, content,
                                     Rate(1e9));
    EXPECT_TRUE(bench().media.holds(0, 0, Bytes(13'192), content));
    skbs.free(&skb);
    EXPECT_TRUE(notification.done);
  });
  run();
  EXPECT_EQ(bench().memory.ledger.account(Movement::kOrphanPage).bytes, 8192U);
  EXPECT_EQ(bench().memory.ledger.account(Movement::kOrphanUser).bytes, 5000U);
}

TEST_F(ZerocopyTest, SkbsWithoutNotificationAreNotOrphaned) {
  spawn_task([&](Task& task) {
    SkbAllocator& skbs = bench().kernel.skbs;
    Skb& skb = *skbs.allocate(socket(), 0);
    skbs.append(skb, user_pages(bench().buffer(0, 0, 100).front().address, Bytes(100)).front());
    orphan_fragments(skb, skbs, task);
    EXPECT_EQ(skb.runs[0].place, Place::kUserBuffer) << "vmsplice() and sendfile() alias";
    skbs.free(&skb);
  });
  run();
}

// ---- vmsplice() and ioctl(SIOCOUTQ) need no more than the socket has.

TEST_F(ZerocopyTest, UserPagesCoverExactlyTheirRange) {
  for (const std::uint64_t from : {0, 1, 4095}) {
    for (const std::uint64_t bytes : {0, 1, 4095, 4096, 4097, 100'000}) {
      const FragmentList pages = user_pages(81'920 + from, Bytes(bytes));
      EXPECT_EQ(size_of(pages), Bytes(bytes));
      EXPECT_EQ(pages.size(), bytes == 0 ? 0 : (from + bytes - 1) / 4096 + 1);
      std::uint64_t at = 81'920 + from;
      for (const Fragment& page : pages) {
        EXPECT_EQ(page.segment.address, at);
        EXPECT_EQ(frame_of(at), frame_of(at + page.segment.bytes - 1)) << "within one page";
        at += page.segment.bytes;
      }
    }
  }
}

}  // namespace
}  // namespace copypath
