// The clients at the other end of the wire: each asks for files, takes what arrives, checks that
// it is exactly what it asked for, in order, and acknowledges it: a packet that its own NIC and
// kernel have merged (GRO), or so many segments of it (socket.ack_every). A slow client
// (workload.client_rate) acknowledges when it has consumed. The clients' own machines cost nothing
// here. On a path that transforms the bytes, it makes a file of them again (decoder.h). Where
// frames get lost, it keeps what comes beyond a gap, says at once that it has it (RFC 2018), and
// repeats a request that nobody answers. A client that goes away (faults.disconnect_after) resets
// the connection, and so answers everything that still comes.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <vector>

#include "models/disk/media.h"
#include "models/nic/wire.h"
#include "models/platform/config.h"
#include "models/workload/decoder.h"
#include "models/workload/reassembly.h"
#include "models/workload/requests.h"

namespace copypath {

/// Connections that a waveform shows; more would be too many lanes to read.
constexpr std::size_t kTracedConnections = 4;

class Clients : public sc_core::sc_module {
public:
  tlm_utils::simple_target_socket<Clients, 32, WireProtocol> in{"in"};
  tlm_utils::simple_initiator_socket<Clients, 32, WireProtocol> out{"out"};

  /// `header`: what comes before every file.
  Clients(const sc_core::sc_module_name& name, const WorkloadConfig& config,
          const SocketConfig& link, Media& media, Transformation transform = Transformation::kNone,
          const FaultConfig& faults = {}, Bytes header = Bytes(0));

  /// What a client on the server's machine has taken, of whom nothing is said here but whether it
  /// is right. Whether it completes a file.
  bool take_here(std::uint32_t connection, Bytes bytes, const Content& content);

  /// A log broker answers the fetch at hand with so many bytes, behind a header.
  void answer(std::uint32_t connection, Bytes bytes);

  /// The server has closed the connection after so many bytes: no more will come.
  void end_stream(std::uint32_t connection, Bytes bytes);

  /// The server has given up a transfer, and closed the connection after so many bytes of its
  /// stream.
  void abort(std::uint32_t connection, Bytes sent);
  unsigned aborted() const { return aborted_; }  ///< transfers
  /// Bytes of the stream that have come so far.
  Bytes received(std::uint32_t connection) const { return clients_[connection].received; }
  /// Everybody has all that was asked for, but for what aborted transfers have not brought.
  bool complete() const { return delivered_ + missing_ == expected(); }

  /// The server's NIC drops frames from now on.
  void expect_losses();

  /// Over the wire: sends the first requests that are not there when the run begins.
  void ask_later();

  const Requests& requests() const { return requests_; }

  Bytes delivered() const { return delivered_; }
  Bytes expected() const { return requests_.total(); }
  /// Bytes that are not those of the file at their place.
  Bytes corrupted() const { return corrupted_; }
  /// Everything that arrived so far was right.
  bool correct() const { return correct_; }
  /// Notified when the last byte has arrived at the last client.
  const sc_core::sc_event& all_delivered() const { return all_delivered_; }
  /// When the last byte arrived at the last client.
  sc_time finish_time() const { return finish_time_; }
  /// The share of the time up to `now` for which the slowest client was busy consuming.
  double utilisation(sc_time now) const;

  void trace(sc_core::sc_trace_file* file) const override;

  void start_of_simulation() override;

private:
  struct Client {
    std::unique_ptr<Decoder> decoder;        // of what is not plain
    Bytes received;                          // of the stream
    Bytes fetched;                           // of files
    Bytes ends_after{~std::uint64_t{0}};     // of files, if the stream ends too early
    Bytes aborted_after{~std::uint64_t{0}};  // of the stream, if the server closes it
    sc_time last;                            // byte consumed
    std::uint64_t complete = 0;              // requests
    Request request;                         // the one at hand, and
    Bytes begins;                            // how much was fetched by those before it
    Bytes header;                            // what is still to come of the response's
    Bytes answered{~std::uint64_t{0}};       // of files, up to the end of a broker's response
    sc_time free_at;                         // when everything received has been consumed
    sc_time busy;
    bool gone = false;
    std::uint64_t asked;               // requests that are not repetitions
    std::uint32_t echo = 0;            // the server's last timestamp
    std::uint16_t identification = 0;  // IP's, of the last frame
    Reassembly reassembly;             // of what came out of order
    sc_time asks_again;                // when, if nothing comes; 0: it is not waiting for an answer
    unsigned asked_again = 0;
  };

  void take(tlm::tlm_generic_payload& payload, sc_time& delay);
  Bytes take_content(Client& client, std::uint32_t number, Bytes bytes, const Content& content);
  void take_header(Client& client, Content& stream);
  void check(const Client& client, std::uint32_t number, Bytes bytes, const Content& content);
  bool count(std::uint32_t number, Bytes bytes, Bytes fetched, sc_time consumed);
  void take_out_of_order(const Packet& packet, sc_time delay);
  void take_in_order(const Packet& packet, Bytes bytes, const Content& content, sc_time arrival);
  void await_answer(Client& client, sc_time sent);
  bool asks_now(Client& client, std::uint32_t number, bool complete) const;
  void ask(std::uint32_t number, sc_time delay);
  void ask_again();
  void go_away(std::uint32_t number, sc_time at);
  void finish(sc_time at);
  void finish_aborted(std::uint32_t number);
  void reply(Packet::Kind kind, std::uint32_t connection, std::uint64_t sequence, sc_time delay);
  void reply(Packet& packet, sc_time delay);
  std::uint64_t acknowledgements(std::uint64_t frames) const {
    return ack_every_ == 0 ? 1 : (frames + ack_every_ - 1) / ack_every_;
  }
  Rate rate_of(std::uint32_t client) const {
    return client < faults_.slow_clients ? faults_.slow_rate : config_.client_rate;
  }

  WorkloadConfig config_;
  FaultConfig faults_;
  sc_time one_way_;
  sc_time lead_;  // of timestamps
  unsigned ack_every_;
  std::uint16_t window_;  // that headers say
  Media& media_;
  Transformation transform_;
  Requests requests_;
  Bytes header_;  ///< of every response of a web server
  std::vector<Client> clients_;
  Bytes delivered_;
  Bytes missing_;  // from aborted transfers
  unsigned aborted_ = 0;
  std::size_t finished_ = 0;
  sc_time finish_time_;
  sc_core::sc_event all_delivered_;
  Bytes corrupted_;
  bool correct_ = true;
  bool losses_;  // frames may get lost, or have been dropped
  sc_core::sc_event asking_;
  tlm::tlm_generic_payload reply_;  // used again and again
};

}  // namespace copypath
