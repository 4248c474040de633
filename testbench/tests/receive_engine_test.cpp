// Laws of the adapter's receive side for frames without payload: each takes its 90 bytes of the
// wire, one after the other, a descriptor, and 82 bytes of memory; those that wait for an interrupt
// are placed in one go, and the interrupt follows, to the picosecond.
#include "models/nic/receive_engine.h"

#include "testbench/tests/nic_bench.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

class ReceiveEngineTest : public SimulationTest {
protected:
  ReceiveEngineTest() {
    config_.rate = Rate(1.25e9);
    config_.interrupt_delay = sc_core::SC_ZERO_TIME;
  }

  NicBench& build() {
    bench_ = std::make_unique<NicBench>(config_, link(), bus_);
    return *bench_;
  }
  PcieLink link() const { return {pcie_.nic, pcie_}; }
  sc_time line(std::uint64_t bytes) const { return Bytes(bytes) / config_.rate; }
  /// The first batch of descriptors.
  sc_time fetch() const { return Bytes(128 * 16) / link().read(Bytes(128 * 16)); }
  /// Headers and descriptors of so many frames.
  sc_time placing(unsigned frames) const {
    SegmentList beside;
    for (unsigned i = 0; i < frames; ++i) beside.insert(beside.end(), {{0, 66}, {0, 16}});
    return size_of(beside) / link().write(beside);
  }
  const Ledger::Account& account(Movement movement) const {
    return bench_->memory.ledger.account(movement);
  }
  std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> all;
    for (const auto& control : bench_->host.controls) all.push_back(control.header.acknowledgement);
    return all;
  }

  NicConfig config_;
  PcieConfig pcie_;
  MemoryConfig bus_;
  std::unique_ptr<NicBench> bench_;
};

using Sequences = std::vector<std::uint64_t>;
using Times = std::vector<sc_time>;

TEST(Wire, AFrameIsAtLeast64BytesLong) {
  EXPECT_EQ(frame_on_wire(Bytes(66)), Bytes(66 + 4 + 8 + 12));
  EXPECT_EQ(frame_on_wire(Bytes(60)), Bytes(64 + 20));
  EXPECT_EQ(frame_on_wire(Bytes(54)), Bytes(64 + 20)) << "padded";
}

TEST_F(ReceiveEngineTest, AnAcknowledgementTakesItsWayToThePicosecond) {
  NicBench& bench = build();
  spawn_at(microseconds(10), "peer", [&] { bench.host.acknowledge(3, microseconds(100)); });
  const sc_time reported = microseconds(110) + line(90) + fetch() + placing(1);
  run_until(reported);
  EXPECT_TRUE(bench.host.interrupts.empty()) << "not a picosecond before";
  run();
  EXPECT_EQ(bench.host.interrupts, Times{reported});
  ASSERT_EQ(sequences(), Sequences{3});
  EXPECT_EQ(bench.host.controls[0].header.kind, Packet::Kind::kAcknowledgement);
  EXPECT_EQ(bench.host.controls[0].header.connection, 0U);
  EXPECT_EQ(account(Movement::kReceiveFrames).bytes, 66U + 16);
  EXPECT_EQ(account(Movement::kReceiveDescriptors).bytes, 128U * 16);
  EXPECT_EQ(account(Movement::kReceive).bytes, 0U) << "no payload";
  EXPECT_EQ(bench.nic.receiver.frames(), 1U);
  EXPECT_EQ(bench.nic.receiver.wire_bytes(), Bytes(90));
}

TEST_F(ReceiveEngineTest, TheWireTakesOneFrameAfterTheOther) {
  NicBench& bench = build();
  spawn_at(microseconds(10), "peer", [&] {
    for (unsigned i = 0; i < 3; ++i) bench.host.acknowledge(i, microseconds(100));
  });
  run();
  const sc_time first = microseconds(110) + line(90) + fetch() + placing(1);
  const sc_time second = std::max(first, microseconds(110) + line(180));
  ASSERT_EQ(bench.host.interrupts.size(), 2U);
  EXPECT_EQ(bench.host.interrupts[0], first);
  EXPECT_EQ(bench.host.interrupts[1], second + placing(2)) << "both have come meanwhile";
  EXPECT_EQ(sequences(), (Sequences{0, 1, 2}));
}

TEST_F(ReceiveEngineTest, AcknowledgementsThatFollowOneAnotherAreFramesOfTheirOwn) {
  NicBench& bench = build();
  spawn("peer", [&] { bench.host.acknowledge(3, microseconds(100), 23); });
  run();
  EXPECT_EQ(bench.host.interrupts,
            (Times{microseconds(100) + line(23 * 90) + fetch() + placing(23)}));
  EXPECT_EQ(bench.host.controls.size(), 23U);
  EXPECT_EQ(account(Movement::kReceiveFrames).bytes, 23U * (66 + 16));
  EXPECT_EQ(account(Movement::kReceiveFrames).transfers, 1U);
  EXPECT_EQ(bench.nic.receiver.frames(), 23U);
}

// Byte for byte what a peer would have sent one by one.
TEST_F(ReceiveEngineTest, EachAcknowledgementHasHeadersOfItsOwn) {
  NicBench& bench = build();
  spawn("peer", [&] {
    bench.host.acknowledge(10 * 1448 + 7, microseconds(100), 10);
    bench.host.acknowledge(10 * 1448 + 8, microseconds(100));
  });
  run();
  ASSERT_EQ(bench.host.controls.size(), 11U);
  for (std::uint64_t i = 0; i < 11; ++i) {
    SCOPED_TRACE(i);
    const auto& [time, header, bytes] = bench.host.controls[i];
    const std::uint64_t says = i == 10 ? 10 * 1448 + 8 : i == 9 ? 10 * 1448 + 7 : i * 1448 + 1455;
    EXPECT_EQ(header.acknowledgement, says);
    EXPECT_EQ(header.identification, i == 10 ? 100 : 100 + i);
    EXPECT_EQ(header.window, 0x8000);
    std::vector<std::uint8_t> right = bytes;
    complete_ip_checksum(right.data());
    complete_tcp_checksum(right.data(), right.data() + right.size(), 0);
    EXPECT_EQ(bytes, right) << "checksums";
    EXPECT_TRUE(right[50] != 0 || right[51] != 0) << "that of TCP is there";
  }
}

TEST_F(ReceiveEngineTest, WhatWaitsForAnInterruptIsPlacedInOneGo) {
  config_.interrupt_delay = microseconds(50);
  NicBench& bench = build();
  spawn("peer", [&] {
    bench.host.acknowledge(12, microseconds(300));
    for (unsigned i = 0; i < 12; ++i) bench.host.acknowledge(i, microseconds(100 + 2 * i));
  });
  run();
  const sc_time first = microseconds(100) + line(90) + fetch() + placing(1);
  const sc_time second = first + microseconds(50) + placing(11);
  EXPECT_EQ(bench.host.interrupts,
            (Times{first, second, microseconds(300) + line(90) + placing(1)}));
  EXPECT_EQ(sequences(), (Sequences{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}))
      << "in the order of arrival, whoever announces itself first";
  EXPECT_EQ(account(Movement::kReceiveFrames).transfers, 3U);
}

TEST_F(ReceiveEngineTest, WhatComesWhileTheDriverIsOnItsWayIsThereWhenItLooks) {
  config_.interrupt_delay = microseconds(50);
  NicBench& bench = build();
  bench.host.serves = false;
  spawn("peer", [&] {
    for (unsigned i = 0; i < 4; ++i) bench.host.acknowledge(i, microseconds(100 + i));
    sc_core::wait(microseconds(103) + line(90) + placing(1) + nanoseconds(1));
    EXPECT_EQ(bench.host.interrupts.size(), 1U);
    bench.host.serves = true;
    bench.host.raise();
    EXPECT_EQ(sequences(), (Sequences{0, 1, 2, 3}));
  });
  run();
  EXPECT_EQ(bench.host.interrupts.size(), 2U) << "the one, and the one by hand";
}

TEST_F(ReceiveEngineTest, AcknowledgementsGoAroundTheRing) {
  NicBench& bench = build();
  constexpr unsigned kMany = 3 * NicHost::kReceive;
  spawn("peer", [&] {
    for (unsigned i = 0; i < kMany; ++i) {
      bench.host.acknowledge(i, sc_core::SC_ZERO_TIME);
      sc_core::wait(microseconds(1));
    }
  });
  run();
  ASSERT_EQ(bench.host.controls.size(), kMany);
  for (unsigned i = 0; i < kMany; ++i) EXPECT_EQ(sequences()[i], i);
  EXPECT_EQ(account(Movement::kReceiveFrames).bytes, kMany * 82U);
}

}  // namespace
}  // namespace copypath
