// Listens between the NICs and the network, and writes every frame that passes into a packet
// capture (libpcap, timestamps in nanoseconds) that Wireshark, tshark and tcpflow read. It stands
// there only if a capture is wanted, takes no time, and changes nothing. Frames of payload from the
// server have the headers that the driver has written and the NIC has cut; what comes to a NIC has
// those that are put into its memory, and takes its wire one frame after the other as it does there
// (receive_engine.h). What the model leaves out is made up here: the frames that open and close
// connections, and what requests say. Bytes
// that the model has only tags of (workload.data = tags) are filler, so that checksums are right.
// Frames are written in the order of time; those on their way are kept, not what has been written.
#pragma once

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/disk/media.h"
#include "models/nic/connections.h"
#include "models/nic/wire.h"
#include "models/paths/path.h"
#include "models/platform/conversation.h"
#include "models/workload/requests.h"

struct pcap;
struct pcap_dumper;

namespace copypath {

class PacketCapture : public sc_core::sc_module {
public:
  tlm_utils::multi_passthrough_target_socket<PacketCapture, 32, WireProtocol> from_nic{"from_nic"};
  tlm_utils::simple_initiator_socket<PacketCapture, 32, WireProtocol> to_network{"to_network"};
  tlm_utils::multi_passthrough_target_socket<PacketCapture, 32, WireProtocol> from_network{
      "from_network"};
  /// Several NICs are bound to these in the same order.
  tlm_utils::multi_passthrough_initiator_socket<PacketCapture, 32, WireProtocol> to_nic{"to_nic"};

  /// Throws OutputError if the file cannot be opened.
  PacketCapture(const sc_core::sc_module_name& name, const Config& config, const Media& media,
                const Path& path, const std::string& file);

  /// When the capture begins in its own time, which is ahead of the simulated time by so much:
  /// connections are opened before the run begins.
  sc_time lead() const { return lead_; }

  /// Writes what is left: if the run has `finished` all that is on its way, and the ends of the
  /// connections; otherwise what has happened so far. Throws OutputError if not everything could be
  /// written.
  void close(bool finished);

private:
  using Payload = std::vector<std::uint8_t>;

  /// A frame on the wire.
  struct Passing {
    Packet packet;  // without what it points to
    Conversation::Side from;
    std::shared_ptr<const Payload> payload;                     // of data; of the whole packet
    std::array<std::uint8_t, kLargestHeaders.count()> headers;  // unless they are made up
    std::size_t header;                                         // bytes
    std::size_t at;                                             // in the packet
    std::size_t bytes;
  };
  /// A packet that comes to a NIC, when the wire may be free for it.
  struct Coming {
    unsigned nic;
    Packet packet;
    std::shared_ptr<const Payload> payload;
  };
  /// The wire of a NIC in that direction.
  struct Wire {
    sc_time free;
    sc_time last_payload;  // when it began
  };

  void pass_to_network(int nic, tlm::tlm_generic_payload& payload, sc_time& delay);
  void pass_to_nic(int nic, tlm::tlm_generic_payload& payload, sc_time& delay);
  void take_sent(const Packet& packet, sc_time end);
  void take_coming(unsigned nic, const Packet& packet, sc_time arrival);
  void cut(const Packet& packet, Passing frame, sc_time end);
  void queue(const Coming& coming, sc_time start);
  void open_connections();
  void close_connections(sc_time at);
  void write_until(sc_time time);
  void write(const Passing& frame, sc_time time);
  void write_frame(Conversation& conversation, const Passing& frame);
  std::string request_text(std::uint32_t client, std::uint64_t number, bool of_client) const;
  Payload request(Conversation::Side from, std::uint32_t connection, std::uint64_t number) const;
  void write_request(Conversation& conversation, Conversation::Side from, std::uint32_t connection,
                     std::uint64_t number, sc_time time);
  void dump(sc_time time);

  NicConfig nic_;
  WorkloadConfig workload_;
  bool tls_;
  sc_time rtt_;
  sc_time lead_;
  sc_time horizon_;  // how long ago a frame may have been sent that is not known yet
  Requests asked_;
  Bytes file_size_;
  std::uint32_t files_;
  std::string file_;
  std::vector<Conversation> conversations_;  // by connection
  Connections connections_;
  std::vector<Wire> wires_;                  // by NIC
  std::multimap<sc_time, Coming> coming_;    // by when they may begin
  std::multimap<sc_time, Passing> passing_;  // by when they have passed
  Conversation::Frame frame_;

  struct Close {
    void operator()(pcap* handle) const;
    void operator()(pcap_dumper* dumper) const;
  };
  std::unique_ptr<pcap, Close> handle_;
  std::unique_ptr<pcap_dumper, Close> dumper_;
};

/// What a capture shows of the bytes: themselves; of tags, the offset of every 16 bytes of the file
/// in a line of text, not readable if they are encrypted or compressed.
std::vector<std::uint8_t> shown(const Content& content);

}  // namespace copypath
