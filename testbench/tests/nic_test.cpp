// Laws of the adapter: a packet's way from doorbell to wire to interrupt, to the picosecond; line
// rate less framing; DMA-bound when DMA is slower; the FIFO bounds how far DMA runs ahead; no two
// interrupts closer than the delay. Frames: 14 Ethernet, 52 IP and TCP, 24 FCS, preamble and gap.
#include "models/nic/nic.h"

#include "testbench/tests/nic_bench.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

constexpr std::uint64_t kFull = 65160;  // 45 segments of 1448 bytes, in 16 pages

class NicTest : public SimulationTest {
protected:
  NicTest() {
    config_.ring = 4096;
    config_.rate = Rate(1.25e9);
    config_.fifo = Bytes(10'000'000);
  }

  NicBench& build() {
    bench_ = std::make_unique<NicBench>(config_, link(), bus_);
    return *bench_;
  }

  /// Sends `packets` packets of `bytes` that are all in the ring at time zero.
  NicHost& send(unsigned packets, std::uint64_t bytes) {
    NicBench& bench = build();
    spawn("driver", [=, &bench] {
      const SegmentList fragments = bench.holding(0, 0, bytes);
      for (unsigned i = 0; i < packets; ++i) bench.host.fill(fragments, i * bytes);
      bench.host.ring();
    });
    run();
    EXPECT_EQ(bench.host.arrivals.size(), packets);
    return bench.host;
  }

  /// Payload bytes per second, without the time until the first packet is through.
  static double goodput(const NicHost& host) {
    const auto& all = host.arrivals;
    double bytes = 0;
    for (std::size_t i = 1; i < all.size(); ++i) bytes += static_cast<double>(all[i].bytes.count());
    return bytes / (all.back().time - all.front().time).to_seconds();
  }

  PcieLink link() const { return {pcie_.nic, pcie_}; }
  sc_time dma(std::uint64_t bytes) const { return Bytes(bytes) / link().read(Bytes(bytes)); }
  sc_time write_back() const { return Bytes(16) / link().write(Bytes(16)); }
  sc_time line(std::uint64_t bytes) const { return Bytes(bytes) / config_.rate; }

  NicConfig config_;
  PcieConfig pcie_;
  MemoryConfig bus_;
  std::unique_ptr<NicBench> bench_;
};

TEST(Wire, FramesAndTheirOverhead) {
  const Bytes mtu(1500);
  EXPECT_EQ(segment_size(mtu), Bytes(1448));
  EXPECT_EQ(frames_for(Bytes(1), mtu), 1U);
  EXPECT_EQ(frames_for(Bytes(1448), mtu), 1U);
  EXPECT_EQ(frames_for(Bytes(1449), mtu), 2U);
  EXPECT_EQ(wire_bytes(Bytes(1448), mtu), Bytes(1538)) << "a full frame with its gap";
  EXPECT_EQ(wire_bytes(Bytes(kFull), mtu), Bytes(45 * 1538));
  EXPECT_EQ(wire_bytes(Bytes(8948), Bytes(9000)), Bytes(9038));
}

TEST_F(NicTest, PacketTakesItsWayToThePicosecond) {
  NicBench& bench = build();
  spawn_at(microseconds(2), "driver", [&] {
    bench.host.fill(bench.holding(3, 0, kFull), 5);
    bench.host.ring();
  });
  // Descriptors (16 bytes each, one for the headers), headers, and the first frame are fetched; the
  // rest is gathered while the first frames are on the wire.
  const sc_time first_frame =
      microseconds(2) + dma(17 * 16) + bus_.latency + dma(66) + bus_.latency + dma(1448);
  const sc_time sent = first_frame + line(kFull + 45 * 90);
  run_until(sent);
  EXPECT_TRUE(bench.host.arrivals.empty()) << "not a picosecond before";
  run_until(sent + write_back());
  EXPECT_TRUE(bench.host.interrupts.empty()) << "nor the interrupt";
  run();
  ASSERT_EQ(bench.host.arrivals.size(), 1U);
  const auto& arrival = bench.host.arrivals[0];
  EXPECT_EQ(arrival.time, sent);
  EXPECT_EQ(arrival.connection, 7U);
  EXPECT_EQ(arrival.sequence, 5U);
  ASSERT_EQ(arrival.content.runs().size(), 1U) << "gathered in order";
  EXPECT_EQ(arrival.content.runs()[0].file, 3U);
  EXPECT_EQ(arrival.content.runs()[0].bytes, kFull);
  EXPECT_EQ(bench.host.interrupts, (std::vector<sc_time>{sent + write_back()}))
      << "after write-back";
  EXPECT_EQ(bench.nic.packets_sent(), 45U);
  EXPECT_EQ(bench.nic.wire_bytes_sent(), Bytes(kFull + 45 * 90));
}

TEST_F(NicTest, FirstFrameLeavesBeforeThePacketIsGathered) {
  config_.rate = link().read(Bytes(kFull)) * 0.96;  // DMA is barely faster than the wire
  const NicHost& host = send(1, kFull);
  const double gathered = dma(kFull).to_seconds();
  const double on_wire = line(kFull + 45 * 90).to_seconds();
  EXPECT_LT(host.arrivals[0].time.to_seconds(), on_wire + 0.1 * gathered);
}

TEST_F(NicTest, LastFrameWaitsForSlowDma) {
  pcie_.nic = {1, 2};  // 0.4 GB/s
  const NicHost& host = send(1, kFull);
  const sc_time gathered = dma(17 * 16) + bus_.latency + dma(66) + dma(kFull);
  EXPECT_EQ(host.arrivals[0].time, gathered + line(1538)) << "nothing leaves before it is there";
}

TEST_F(NicTest, NextPacketWaitsForItsHeadersToo) {
  pcie_.nic = {1, 1};  // headers take longer than the packet before is on the wire
  const NicHost& host = send(2, 100);
  const sc_time fetched = dma(4 * 16) + bus_.latency + dma(66) + dma(100) + dma(66);
  EXPECT_EQ(host.arrivals[1].time, fetched + bus_.latency + dma(100) + line(190));
}

TEST_F(NicTest, DescriptorsArePartOfTheTraffic) {
  NicBench& bench = build();
  spawn("driver", [&] {
    bench.host.fill(bench.holding(0, 0, 10'000));  // 3 pages
    bench.host.fill(bench.holding(0, 0, 4096));
    bench.host.fill({{0, 100}, {8192, 100}, {20'000, 50}}, 0, Place::kSocketBuffer);
    bench.host.ring();
  });
  run();
  const Ledger& ledger = bench.memory.ledger;
  EXPECT_EQ(ledger.account(Movement::kDescriptors).bytes, 16U * (4 + 2 + 4));
  EXPECT_EQ(ledger.account(Movement::kHeaders).bytes, 66U * 3);
  EXPECT_EQ(ledger.account(Movement::kCompletion).bytes, 16U * 3);
  EXPECT_EQ(ledger.account(Movement::kTransmitPage).bytes, 14'096U);
  EXPECT_EQ(ledger.account(Movement::kTransmitCopy).bytes, 250U);
}

TEST_F(NicTest, LineRateLessFraming) {
  EXPECT_NEAR(goodput(send(100, kFull)), 1.25e9 * 1448 / 1538, 0.001 * 1.25e9);
}

TEST_F(NicTest, LineRateLessFramingOfJumboFrames) {
  config_.mtu = Bytes(9000);
  EXPECT_NEAR(goodput(send(100, 7 * 8948)), 1.25e9 * 8948 / 9038, 0.001 * 1.25e9);
}

TEST_F(NicTest, SmallPacketsPayForTheirFrames) {
  // The next one leaves when the completion of the one before has been written back.
  const double expected = 100 / (line(190) + write_back()).to_seconds();
  EXPECT_NEAR(goodput(send(1000, 100)), expected, 0.01 * expected);
}

TEST_F(NicTest, SlowDmaBoundsTheThroughput) {
  pcie_.nic = {1, 2};
  // Per packet 66 bytes of headers and 17 descriptors, of which 64 are fetched at once.
  const sc_time packet = dma(kFull) + dma(66) + dma(64 * 16) * (17.0 / 64);
  const double expected = kFull / packet.to_seconds();
  EXPECT_NEAR(goodput(send(100, kFull)), expected, 0.005 * expected);
}

TEST_F(NicTest, SlowBusBoundsTheThroughput) {
  bus_.bandwidth = Rate(1e9);
  bus_.efficiency = 0.5;
  const double expected = 0.5e9 * kFull / (kFull + 66 + 17 * 16);
  EXPECT_NEAR(goodput(send(100, kFull)), expected, 0.01 * expected);
}

TEST_F(NicTest, FifoBoundsHowFarDmaRunsAhead) {
  config_.fifo = Bytes(3 * kFull + 100);
  const NicHost& host = send(30, kFull);
  std::uint64_t sent = 0, most = 0;
  for (const auto& arrival : host.arrivals) {  // this packet is still in the FIFO
    most = std::max(most, arrival.gathered - sent);
    sent += kFull;
  }
  EXPECT_EQ(most, 3 * kFull) << "as far as it reaches, and no farther";
  EXPECT_NEAR(goodput(host), 1.25e9 * 1448 / 1538, 0.01 * 1.25e9) << "which is enough";
}

TEST_F(NicTest, FifoSmallerThanAPacketLetsItThrough) {
  config_.fifo = Bytes(2000);
  const NicHost& host = send(10, kFull);
  for (std::size_t i = 0; i < host.arrivals.size(); ++i) {
    EXPECT_EQ(host.arrivals[i].sequence, i * kFull);
    EXPECT_EQ(host.arrivals[i].gathered, (i + 1) * kFull) << "one at a time";
  }
}

TEST_F(NicTest, RingWrapsAroundInOrder) {
  config_.ring = 19;
  NicBench& bench = build();
  spawn("driver", [&] {
    for (std::uint64_t i = 0; i < 12; ++i) {
      bench.host.fill(bench.holding(0, i * 30'000, 30'000), i * 30'000);  // 9 descriptors
      bench.host.ring();
      sc_core::wait(microseconds(200));
    }
  });
  run();
  Content all;
  for (const auto& arrival : bench.host.arrivals) {
    for (const copypath::Run& part : arrival.content.runs()) all.append(part);
  }
  ASSERT_EQ(all.runs().size(), 1U) << "one stretch, in order";
  EXPECT_EQ(all.runs()[0].bytes, 12U * 30'000);
}

TEST_F(NicTest, InterruptsKeepTheirDistance) {
  config_.interrupt_delay = microseconds(50);
  const NicHost& host = send(300, 1448);  // one every 1.2 us
  ASSERT_GE(host.interrupts.size(), 7U) << "369 us";
  EXPECT_LE(host.interrupts.size(), 9U);
  for (std::size_t i = 1; i < host.interrupts.size(); ++i) {
    EXPECT_GE(host.interrupts[i] - host.interrupts[i - 1], microseconds(50));
  }
  ASSERT_EQ(host.completions.size(), 300U);
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_LE(host.completions[i], host.arrivals[i].time + write_back() + microseconds(50));
  }
  EXPECT_EQ(host.completions[0], host.arrivals[0].time + write_back()) << "the first one at once";
}

TEST_F(NicTest, TheNextInterruptComesWhenTheDelayIsOverAndNotBefore) {
  config_.interrupt_delay = microseconds(50);
  NicBench& bench = build();
  spawn("driver", [&] {
    bench.host.fill(bench.holding(0, 0, 1448));
    bench.host.fill(bench.holding(0, 0, 1448), 1448);
    bench.host.ring();
  });
  run_until(microseconds(20));
  EXPECT_EQ(bench.host.arrivals.size(), 2U) << "both have been sent";
  ASSERT_EQ(bench.host.interrupts.size(), 1U);
  const sc_time second = bench.host.interrupts[0] + microseconds(50);
  run_until(second);
  EXPECT_EQ(bench.host.interrupts.size(), 1U);
  run();
  ASSERT_EQ(bench.host.interrupts.size(), 2U);
  EXPECT_EQ(bench.host.interrupts[1], second);
}

TEST_F(NicTest, NoInterruptWhileOneIsPending) {
  config_.interrupt_delay = sc_core::SC_ZERO_TIME;
  NicBench& bench = build();
  bench.host.serves = false;
  spawn("driver", [&] {
    const SegmentList fragments = bench.holding(0, 0, kFull);
    for (unsigned i = 0; i < 5; ++i) bench.host.fill(fragments, i * kFull);
    bench.host.ring();
    bench.host.acknowledge(kFull, milliseconds(1));
    sc_core::wait(milliseconds(2));
    EXPECT_EQ(bench.host.interrupts.size(), 1U) << "six events, but nobody has looked";
    bench.host.serves = true;
    bench.host.raise();
    bench.host.fill(fragments, 5 * kFull);
    bench.host.ring();
  });
  run();
  EXPECT_EQ(bench.host.completions.size(), 6U);
  EXPECT_EQ(bench.host.controls.size(), 1U);
  EXPECT_EQ(bench.host.interrupts.size(), 3U) << "the first, the one by hand, the last packet's";
}

TEST_F(NicTest, WithoutDelayEveryCompletionInterrupts) {
  config_.interrupt_delay = sc_core::SC_ZERO_TIME;
  EXPECT_EQ(send(50, 1448).interrupts.size(), 50U);
}

TEST_F(NicTest, TheLastDescriptorOfASentPacketIsMarkedInMemory) {
  NicBench& bench = build();
  spawn("driver", [&] {
    bench.host.fill(bench.holding(0, 0, 10'000));  // descriptors 0 to 3
    bench.host.fill(bench.holding(0, 0, 100), 10'000);
    bench.host.ring();
    sc_core::wait(line(10'000 + 7 * 90));  // but for the latency of its first frame
    EXPECT_FALSE(bench.host.descriptor(3).done) << "not all of it is on the wire";
  });
  run();
  for (unsigned i = 0; i < 6; ++i) EXPECT_EQ(bench.host.descriptor(i).done, i == 3 || i == 5) << i;
  EXPECT_EQ(bench.host.head(), 6U) << "TDH";
}

// Everything that the chip knows about a packet it has read from memory.
TEST_F(NicTest, AContextInTheRingAppliesToWhatFollows) {
  NicBench& bench = build();
  spawn("driver", [&] {
    bench.host.fill(bench.holding(0, 0, 10'000));
    bench.host.fill(TxContext{14, 20, 32, 1000});
    bench.host.fill(bench.holding(0, 0, 10'000), 10'000);
    bench.host.ring();
  });
  run();
  EXPECT_EQ(bench.nic.packets_sent(), 7U + 10U) << "frames of 1448 bytes, then of 1000";
  EXPECT_EQ(bench.memory.ledger.account(Movement::kDescriptors).bytes, 16U * (4 + 1 + 4));
  EXPECT_EQ(bench.host.head(), 9U);
}

TEST_F(NicTest, OneFetchTakesABatchAndStopsNowhere) {
  config_.ring = 100;
  NicBench& bench = build();
  spawn("driver", [&] {
    const SegmentList piece = bench.holding(0, 0, 100);
    for (unsigned i = 0; i < 45; ++i) bench.host.fill(piece, i * 100);  // 90 descriptors
    bench.host.ring();
    sc_core::wait(milliseconds(1));
    for (unsigned i = 45; i < 90; ++i) bench.host.fill(piece, i * 100);  // around the end
    bench.host.ring();
  });
  run();
  ASSERT_EQ(bench.host.arrivals.size(), 90U);
  for (unsigned i = 0; i < 90; ++i) EXPECT_EQ(bench.host.arrivals[i].sequence, i * 100U);
  EXPECT_EQ(bench.memory.ledger.account(Movement::kDescriptors).bytes, 16U * 180);
  EXPECT_EQ(bench.memory.ledger.account(Movement::kDescriptors).transfers, 4U) << "64, 26, 64, 26";
}

TEST_F(NicTest, DescriptorsThatContradictThemselvesAreADefect) {
  NicBench& bench = build();
  spawn_endless("driver", [&] {
    bench.host.fill(bench.holding(0, 0, 100));
    TxData wrong = bench.host.descriptor(0);
    wrong.payload = 101;
    bench.host.put(0, wrong);
    bench.host.ring();
  });
  EXPECT_THROW(sc_core::sc_start(), std::exception);
}

TEST_F(NicTest, UnknownRegisterIsRefused) {
  NicBench& bench = build();
  spawn("driver", [&] {
    EXPECT_EQ(bench.host.ring(0), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(bench.host.ring(), tlm::TLM_OK_RESPONSE);
  });
  run();
}

}  // namespace
}  // namespace copypath
