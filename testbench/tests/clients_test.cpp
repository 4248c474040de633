// Laws of the clients: only exactly what was asked for, in order and once, counts as correct;
// acknowledgements and further requests come a round trip after what they answer, and a slow
// client's acknowledgements at its own rate.
#include "models/workload/clients.h"

#include <memory>
#include <vector>

#include "models/nic/tls_record.h"
#include "testbench/tests/simulation_test.h"

namespace copypath {
namespace {

/// Sends packets to clients, and notes what they send back.
class Server : public sc_core::sc_module {
public:
  struct Reply {
    sc_time arrival;
    Packet::Kind kind;
    std::uint32_t connection;
    std::uint64_t sequence;
    Sack sack;
  };

  tlm_utils::simple_initiator_socket<Server, 32, WireProtocol> wire{"wire"};
  tlm_utils::simple_target_socket<Server, 32, WireProtocol> receive{"receive"};
  std::vector<Reply> replies;
  Bytes segment;  ///< payload of a frame; 0: packets are frames

  explicit Server(const sc_core::sc_module_name& name) : sc_module(name) {
    receive.register_b_transport(this, &Server::take);
  }

  /// The content of [offset, offset + bytes) of `file`, as bytes at `sequence` of the stream.
  void send(std::uint32_t connection, std::uint64_t sequence, std::uint32_t file,
            std::uint64_t offset, std::uint64_t bytes) {
    Content content;
    content.append({file, 0, offset, bytes});
    send(connection, sequence, content);
  }

  void send(std::uint32_t connection, std::uint64_t sequence, const Content& content) {
    Packet packet;
    packet.connection = connection;
    packet.sequence = sequence;
    packet.bytes = content.size();
    packet.content = &content;
    packet.segment = segment;
    packet.frames = segment == Bytes(0) ? 1 : units_covering(packet.bytes, segment);
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_extension(&packet);
    sc_time delay;
    wire->b_transport(payload, delay);
    payload.clear_extension(&packet);
  }

private:
  void take(tlm::tlm_generic_payload& payload, sc_time& delay) {
    const Packet& packet = *payload.get_extension<Packet>();
    replies.push_back({sc_core::sc_time_stamp() + delay, packet.kind, packet.connection,
                       packet.sequence, packet.sack});
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
};

class ClientsTest : public SimulationTest {
protected:
  ClientsTest() {
    workload_.clients = 2;
    workload_.file_size = Bytes(10'000);
    link_.rtt = microseconds(100);
  }

  void build() {
    media_ = std::make_unique<Media>(workload_);
    clients_ = std::make_unique<Clients>("clients", workload_, link_, *media_, transform_, faults_);
    server_ = std::make_unique<Server>("server");
    server_->wire.bind(clients_->in);
    clients_->out.bind(server_->receive);
    sc_core::sc_spawn_options options;  // sensitive before the simulation starts
    options.spawn_method();
    options.dont_initialize();
    options.set_sensitivity(&clients_->all_delivered());
    sc_core::sc_spawn(
        [this] {
          delivered_ = true;
          delivered_at_ = sc_core::sc_time_stamp();
        },
        "watch", &options);
  }

  /// Runs `sends` against clients that each expect 10 000 bytes; returns their verdict.
  bool correct_after(const std::function<void(Server&)>& sends) {
    build();
    spawn("server", [&] { sends(*server_); });
    run();
    return clients_->correct();
  }

  WorkloadConfig workload_;
  SocketConfig link_;
  Transformation transform_ = Transformation::kNone;
  FaultConfig faults_;
  std::unique_ptr<Media> media_;
  std::unique_ptr<Clients> clients_;
  std::unique_ptr<Server> server_;
  bool delivered_ = false;
  sc_time delivered_at_;
};

// RFC 5681: an immediate duplicate acknowledgement for every segment beyond a gap.
TEST_F(ClientsTest, EverySegmentBeyondAGapIsAcknowledgedAtOnce) {
  faults_.frame_loss = 0.01;
  link_.ack_every = 2;
  build();
  server_->segment = Bytes(1000);
  spawn("server", [&] {
    server_->send(0, 0, 0, 0, 2000);
    server_->send(0, 3000, 0, 3000, 3500);  // four segments, the last one short
    sc_core::wait(milliseconds(1));
    ASSERT_EQ(server_->replies.size(), 1U + 4U);
    for (std::size_t i = 1; i <= 4; ++i) {
      const auto& reply = server_->replies[i];
      EXPECT_EQ(reply.sequence, 2000U) << "a duplicate";
      ASSERT_EQ(reply.sack.count, 1U);
      EXPECT_EQ(reply.sack.blocks[0].begin, 3000U);
      EXPECT_EQ(reply.sack.blocks[0].end, std::min<std::uint64_t>(3000 + 1000 * i, 6500));
    }
    server_->send(0, 2000, 0, 2000, 1000);
    EXPECT_EQ(server_->replies.back().sequence, 6500U);
  });
  run();
}

TEST_F(ClientsTest, WhatWasMergedBeyondAGapIsAcknowledgedOnce) {
  faults_.frame_loss = 0.01;
  build();
  server_->segment = Bytes(1000);
  spawn("server", [&] { server_->send(0, 3000, 0, 3000, 3500); });
  run_until(milliseconds(1));
  EXPECT_EQ(server_->replies.size(), 1U);
}

TEST_F(ClientsTest, ExactlyWhatWasAskedForIsCorrect) {
  EXPECT_TRUE(correct_after([](Server& server) {
    server.send(0, 0, 0, 0, 4000);
    server.send(1, 0, 1, 0, 10'000);
    server.send(0, 4000, 0, 4000, 6000);
  }));
  EXPECT_TRUE(delivered_);
  EXPECT_EQ(clients_->delivered(), clients_->expected());
}

TEST_F(ClientsTest, AnotherFileIsWrong) {
  EXPECT_FALSE(correct_after([](Server& server) { server.send(0, 0, 1, 0, 10'000); }));
}

TEST_F(ClientsTest, UndefinedMemoryIsWrong) {
  EXPECT_FALSE(correct_after([](Server& server) { server.send(0, 0, kUndefined, 0, 10'000); }));
}

TEST_F(ClientsTest, RightPlaceOfTheWrongOffsetIsWrong) {
  EXPECT_FALSE(correct_after([](Server& server) { server.send(0, 0, 0, 1, 9'999); }));
}

TEST_F(ClientsTest, GapIsWrong) {
  EXPECT_FALSE(correct_after([](Server& server) {
    server.send(0, 0, 0, 0, 4000);
    server.send(0, 4001, 0, 4001, 5999);
  }));
}

TEST_F(ClientsTest, RightContentAtTheWrongPlaceOfTheStreamIsWrong) {
  EXPECT_FALSE(correct_after([](Server& server) {
    server.send(0, 0, 0, 0, 4000);
    server.send(0, 5000, 0, 4000, 6000);
  }));
}

TEST_F(ClientsTest, DuplicateIsWrong) {
  EXPECT_FALSE(correct_after([](Server& server) {
    server.send(0, 0, 0, 0, 4000);
    server.send(0, 0, 0, 0, 4000);
  }));
}

TEST_F(ClientsTest, ReorderingIsWrong) {
  EXPECT_FALSE(correct_after([](Server& server) {
    server.send(0, 4000, 0, 4000, 6000);
    server.send(0, 0, 0, 0, 4000);
  }));
}

TEST_F(ClientsTest, ContentOfOneConnectionOnAnotherIsWrong) {
  EXPECT_FALSE(correct_after([](Server& server) {
    server.send(0, 0, 0, 0, 4000);
    server.send(1, 4000, 1, 4000, 6000);
  }));
}

TEST_F(ClientsTest, SurplusInTheLastPacketIsWrong) {
  EXPECT_FALSE(correct_after([](Server& server) { server.send(0, 0, 0, 0, 10'001); }));
}

TEST_F(ClientsTest, SurplusAfterTheLastRequestIsWrong) {
  EXPECT_FALSE(correct_after([](Server& server) {
    server.send(0, 0, 0, 0, 10'000);
    server.send(0, 10'000, 0, 0, 10);  // the beginning once more: nobody asked for it
  }));
}

TEST_F(ClientsTest, EveryRequestFetchesTheFileFromItsBeginning) {
  workload_.requests = 2;
  EXPECT_TRUE(correct_after([](Server& server) {
    server.send(0, 0, 0, 0, 10'000);
    server.send(0, 10'000, 0, 0, 10'000);
    server.send(1, 0, 1, 0, 10'000);
  }));
  EXPECT_FALSE(delivered_) << "client 1 has asked twice";
  EXPECT_EQ(clients_->expected(), Bytes(40'000));
}

TEST_F(ClientsTest, PacketThatSpansTwoRequestsIsWrong) {
  workload_.requests = 2;
  EXPECT_FALSE(correct_after([](Server& server) {
    server.send(0, 0, 0, 0, 9'000);
    server.send(0, 9'000, 0, 9'000, 2'000);
  }));
}

TEST_F(ClientsTest, AcknowledgementComesARoundTripLater) {
  workload_.requests = 2;
  build();
  spawn_at(microseconds(7), "server", [&] {
    server_->send(0, 0, 0, 0, 4000);
    sc_core::wait(microseconds(5));
    server_->send(0, 4000, 0, 4000, 6000);
  });
  run();
  const auto& replies = server_->replies;
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(replies[0].kind, Packet::Kind::kAcknowledgement);
  EXPECT_EQ(replies[0].sequence, 4000U);
  EXPECT_EQ(replies[0].arrival, microseconds(107));
  EXPECT_EQ(replies[1].sequence, 10'000U);
  EXPECT_EQ(replies[1].arrival, microseconds(112));
  EXPECT_EQ(replies[2].kind, Packet::Kind::kRequest) << "the file is there: the next one";
  EXPECT_EQ(replies[2].arrival, microseconds(112));
}

TEST_F(ClientsTest, LastByteArrivesHalfARoundTripAfterItWasSent) {
  build();
  spawn_at(microseconds(7), "server", [&] {
    server_->send(0, 0, 0, 0, 10'000);
    sc_core::wait(microseconds(5));
    server_->send(1, 0, 1, 0, 10'000);
  });
  run();
  EXPECT_TRUE(clients_->correct());
  EXPECT_EQ(clients_->finish_time(), microseconds(62));
  EXPECT_EQ(delivered_at_, microseconds(62));
}

TEST_F(ClientsTest, SlowClientAcknowledgesAtItsOwnRate) {
  workload_.client_rate = Rate(1e9);  // 4000 bytes take 4 us
  build();
  spawn("server", [&] {
    server_->send(0, 0, 0, 0, 4000);        // arrives at 50, consumed at 54
    server_->send(0, 4000, 0, 4000, 2000);  // consumed at 56
    sc_core::wait(microseconds(20));
    server_->send(0, 6000, 0, 6000, 4000);  // arrives at 70, consumed at 74
  });
  run();
  const auto& replies = server_->replies;
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(replies[0].arrival, microseconds(104));
  EXPECT_EQ(replies[1].arrival, microseconds(106));
  EXPECT_EQ(replies[2].arrival, microseconds(124));
  EXPECT_NEAR(clients_->utilisation(microseconds(100)), 0.1, 1e-9);
}

TEST_F(ClientsTest, NothingToFetchIsDeliveredAtOnce) {
  workload_.file_size = Bytes(0);
  build();
  run();
  EXPECT_TRUE(delivered_);
  EXPECT_TRUE(clients_->correct());
  EXPECT_EQ(clients_->finish_time(), sc_core::SC_ZERO_TIME);
}

TEST_F(ClientsTest, ClientsShareFilesRoundRobin) {
  workload_.clients = 5;
  workload_.files = 2;
  build();
  EXPECT_EQ(clients_->requests().at(0, 0).file, 0U);
  EXPECT_EQ(clients_->requests().at(3, 0).file, 1U);
  EXPECT_EQ(clients_->requests().at(4, 0).file, 0U);
}

/// Records with bytes [offset, offset + bytes) of a file.
Content sealed(TlsWriter& writer, std::uint32_t file, std::uint64_t offset, std::uint64_t bytes) {
  Content text, records;
  text.append({file, 0, offset, bytes});
  writer.apply(text, records);
  return records;
}

TEST_F(ClientsTest, RecordsAreCountedAsWhatTheyHold) {
  transform_ = Transformation::kTls;
  EXPECT_TRUE(correct_after([](Server& server) {
    TlsWriter one(0, TlsWriter::Mode::kEncrypt);
    TlsWriter other(1, TlsWriter::Mode::kEncrypt);
    server.send(0, 0, sealed(one, 0, 0, 4000));
    server.send(0, 4022, sealed(one, 0, 4000, 6000));
    server.send(1, 0, sealed(other, 1, 0, 10'000));
  }));
  EXPECT_TRUE(delivered_);
  EXPECT_EQ(clients_->delivered(), Bytes(20'000));
  EXPECT_EQ(server_->replies.back().sequence, 10'022U) << "TCP acknowledges the stream";
}

TEST_F(ClientsTest, PlainBytesOnATlsConnectionAreWrong) {
  transform_ = Transformation::kTls;
  EXPECT_FALSE(correct_after([](Server& server) { server.send(0, 0, 0, 0, 10'000); }));
  EXPECT_EQ(clients_->delivered(), Bytes(0));
}

TEST_F(ClientsTest, EncryptedBytesOfTheWrongPlaceAreWrong) {
  transform_ = Transformation::kTls;
  EXPECT_FALSE(correct_after([](Server& server) {
    TlsWriter writer(0, TlsWriter::Mode::kEncrypt);
    server.send(0, 0, sealed(writer, 0, 1, 9'000));
  }));
}

TEST_F(ClientsTest, EncryptedBytesOnAPlainConnectionAreWrong) {
  EXPECT_FALSE(correct_after([](Server& server) {
    Content content;
    content.append({0, 0, 0, 10'000, Form::kEncrypted});
    server.send(0, 0, content);
  }));
}

TEST_F(ClientsTest, PlainBytesInsteadOfCompressedOnesAreWrong) {
  transform_ = Transformation::kCompress;
  EXPECT_FALSE(correct_after([](Server& server) { server.send(0, 0, 0, 0, 10'000); }));
}

}  // namespace
}  // namespace copypath
