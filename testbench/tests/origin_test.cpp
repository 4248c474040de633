// Laws of the origin: it sends exactly the file that was asked for, at the rate of the wire, no
// further than the receive buffer; connections take turns; a packet is what arrives between two
// interrupts.
#include "models/workload/origin.h"

#include <memory>

#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

/// A proxy's NIC: notes what comes, and acknowledges at once or not at all.
class ProxyNic : public sc_core::sc_module {
public:
  struct Arrival {
    sc_time time;
    std::uint32_t connection;
    std::uint64_t sequence;
    Bytes bytes;
    Content content;
  };

  tlm_utils::simple_initiator_socket<ProxyNic, 32, WireProtocol> wire{"wire"};
  tlm_utils::simple_target_socket<ProxyNic, 32, WireProtocol> receive{"receive"};
  std::vector<Arrival> arrivals;
  bool acknowledges = true;
  Bytes offers{6 * 1024 * 1024};  ///< with what is acknowledged

  explicit ProxyNic(const sc_core::sc_module_name& name) : sc_module(name) {
    receive.register_b_transport(this, &ProxyNic::take);
  }

  void send(Packet::Kind kind, std::uint32_t connection, std::uint64_t sequence = 0) {
    Packet packet;
    packet.kind = kind;
    packet.connection = connection;
    packet.sequence = sequence;
    packet.offers = offers;
    tlm::tlm_generic_payload payload;
    payload.set_extension(&packet);
    sc_time delay;
    wire->b_transport(payload, delay);
    payload.clear_extension(&packet);
  }

  std::uint64_t received() const {
    std::uint64_t total = 0;
    for (const Arrival& arrival : arrivals) total += arrival.bytes.count();
    return total;
  }

private:
  void take(tlm::tlm_generic_payload& payload, sc_time& delay) {
    const Packet& packet = *payload.get_extension<Packet>();
    arrivals.push_back({sc_core::sc_time_stamp() + delay, packet.connection, packet.sequence,
                        packet.bytes, *packet.content});
    if (acknowledges) {
      send(Packet::Kind::kAcknowledgement, packet.connection,
           packet.sequence + packet.bytes.count());
    }
  }
};

class OriginTest : public SimulationTest {
protected:
  OriginTest() {
    config_.workload.clients = 2;
    config_.workload.file_size = Bytes(1'000'000);
  }

  void build() {
    media_ = std::make_unique<Media>(config_.workload);
    origin_ = std::make_unique<Origin>("origin", config_, *media_);
    nic_ = std::make_unique<ProxyNic>("nic");
    nic_->wire.bind(origin_->in);
    origin_->out.bind(nic_->receive);
  }
  void ask(std::uint32_t client) {
    spawn("proxy", [=] { nic_->send(Packet::Kind::kRequest, config_.workload.clients + client); });
  }

  Config config_;
  std::unique_ptr<Media> media_;
  std::unique_ptr<Origin> origin_;
  std::unique_ptr<ProxyNic> nic_;
};

TEST_F(OriginTest, SendsTheFileAtTheRateOfTheWire) {
  build();
  ask(1);
  run();
  Content content;
  for (const auto& arrival : nic_->arrivals) {
    EXPECT_EQ(arrival.connection, 3U);
    EXPECT_EQ(arrival.sequence, content.size().count());
    for (const copypath::Run& run : arrival.content.runs()) content.append(run);
  }
  EXPECT_TRUE(media_->holds(1, 0, Bytes(1'000'000), content));
  // A round trip, and 691 frames of 90 bytes besides payload at 1.25 GB/s.
  const sc_time wire = nanoseconds((1'000'000 + 691 * 90) * 0.8);
  EXPECT_EQ(nic_->arrivals.back().time, config_.socket.rtt + wire);
}

TEST_F(OriginTest, NobodyAskedForNothing) {
  build();
  run();
  EXPECT_TRUE(nic_->arrivals.empty());
}

TEST_F(OriginTest, StopsWhereTheReceiveBufferEnds) {
  config_.socket.receive_buffer = Bytes(200'000);
  config_.nic.interrupt_delay = milliseconds(1);  // packets of 45 frames
  build();
  nic_->acknowledges = false;
  nic_->offers = Bytes(200'000);
  ask(0);
  spawn_at(milliseconds(10), "proxy", [&] {
    EXPECT_EQ(nic_->received(), 3U * 65160) << "a fourth packet would be too much";
    nic_->send(Packet::Kind::kAcknowledgement, 2, 65160);
    sc_core::wait(milliseconds(10));
    EXPECT_EQ(nic_->received(), 4U * 65160);
    nic_->acknowledges = true;
    nic_->send(Packet::Kind::kAcknowledgement, 2, 4 * 65160);
  });
  run();
  EXPECT_EQ(nic_->received(), 1'000'000U);
}

TEST_F(OriginTest, ConnectionsTakeTurns) {
  build();
  ask(0);
  ask(1);
  run();
  ASSERT_GT(nic_->arrivals.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(nic_->arrivals[i].connection, 2 + i % 2);
  EXPECT_EQ(nic_->received(), 2'000'000U);
}

TEST_F(OriginTest, APacketIsWhatArrivesBetweenTwoInterrupts) {
  const auto frames = [](double microseconds_between, double bits_per_second) {
    Config config;
    config.nic.interrupt_delay = microseconds(microseconds_between);
    config.nic.rate = Rate::bits(bits_per_second);
    Media media(config.workload);
    return Origin(sc_core::sc_gen_unique_name("origin"), config, media).packet() / Bytes(1448);
  };
  // A frame takes 1230.4 ns at 10 Gb/s.
  EXPECT_EQ(frames(50, 10e9), 40U);
  EXPECT_EQ(frames(50, 1e9), 4U);
  EXPECT_EQ(frames(0, 10e9), 1U);
  EXPECT_EQ(frames(1000, 10e9), 45U) << "64 KiB at most";
}

}  // namespace
}  // namespace copypath
