// Laws of the bad way between NIC and clients: what gets lost is counted, and what is left says
// what it would have said if nothing had been lost, frame by frame, in either direction; nothing
// passes without a carrier, to the picosecond.
#include "models/nic/lossy_link.h"

#include <memory>

#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

/// Notes what comes through.
class End : public sc_core::sc_module {
public:
  tlm_utils::simple_initiator_socket<End, 32, WireProtocol> out{"out"};
  tlm_utils::simple_target_socket<End, 32, WireProtocol> in{"in"};
  std::vector<Packet> packets;

  explicit End(const sc_core::sc_module_name& name) : sc_module(name) {
    in.register_b_transport(this, &End::take);
  }
  void send(Packet packet) {
    tlm::tlm_generic_payload payload;
    payload.set_extension(&packet);
    sc_time delay;
    out->b_transport(payload, delay);
    payload.clear_extension(&packet);
  }

private:
  void take(tlm::tlm_generic_payload& payload, sc_time&) {
    packets.push_back(*payload.get_extension<Packet>());
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
};

class LossyLinkTest : public SimulationTest {
protected:
  void build() {
    link_ = std::make_unique<LossyLink>("link", config_);
    server_ = std::make_unique<End>("server");
    clients_ = std::make_unique<End>("clients");
    server_->out.bind(link_->from_network);
    link_->to_clients.bind(clients_->in);
    clients_->out.bind(link_->from_clients);
    link_->to_network.bind(server_->in);
  }
  static Packet acknowledgements(std::uint64_t frames, std::uint64_t before) {
    Packet packet;
    packet.kind = Packet::Kind::kAcknowledgement;
    packet.frames = frames;
    packet.segment = Bytes(1448);
    packet.before = before;
    packet.sequence = before + frames * 1448 - 7;  // the last one says less
    packet.identification = 65'530;
    return packet;
  }

  Config config_;
  std::unique_ptr<LossyLink> link_;
  std::unique_ptr<End> server_;
  std::unique_ptr<End> clients_;
};

TEST_F(LossyLinkTest, AcknowledgementsAreLostOneByOneAndTheOthersSayWhatTheyWouldHaveSaid) {
  config_.faults.frame_loss = 0.3;
  build();
  const Packet all = acknowledgements(1000, 5000);
  spawn("peer", [&] { clients_->send(all); });
  run();
  std::uint64_t frame = 0;  // of the run that was sent
  std::uint64_t left = 0;
  for (const Packet& part : server_->packets) {
    for (std::uint64_t i = 0; i < part.frames; ++i, ++frame, ++left) {
      while (all.acknowledged_by(frame) != part.acknowledged_by(i)) ASSERT_LT(++frame, 1000U);
      EXPECT_EQ(static_cast<std::uint16_t>(part.identification + i),
                static_cast<std::uint16_t>(all.identification + frame));
    }
  }
  EXPECT_EQ(left + link_->frames_lost(), 1000U);
  EXPECT_NEAR(static_cast<double>(left), 700, 60) << "four times the standard deviation";
  EXPECT_GT(server_->packets.size(), 100U) << "runs between those that are lost";
}

TEST_F(LossyLinkTest, WhatLosesNothingPassesAsItIs) {
  config_.faults.link_down_at = milliseconds(1);
  config_.faults.link_down_for = milliseconds(1);
  build();
  spawn("peer", [&] { clients_->send(acknowledgements(1000, 0)); });
  run();
  ASSERT_EQ(server_->packets.size(), 1U);
  EXPECT_EQ(server_->packets[0].frames, 1000U);
  EXPECT_EQ(link_->frames_lost(), 0U);
}

TEST_F(LossyLinkTest, NothingPassesWithoutACarrierToThePicosecond) {
  const sc_time picosecond = sc_time::from_value(1);
  config_.faults.link_down_at = microseconds(10);
  config_.faults.link_down_for = microseconds(5);
  build();
  for (const sc_time& at : {microseconds(10) - picosecond, microseconds(10),
                            microseconds(15) - picosecond, microseconds(15)}) {
    spawn_at(at, "peer", [this, at] { clients_->send(acknowledgements(2, at.value())); });
  }
  run();
  ASSERT_EQ(server_->packets.size(), 2U);
  EXPECT_EQ(server_->packets[0].before, (microseconds(10) - picosecond).value());
  EXPECT_EQ(server_->packets[1].before, microseconds(15).value());
  EXPECT_EQ(link_->frames_lost(), 4U);
}

}  // namespace
}  // namespace copypath
