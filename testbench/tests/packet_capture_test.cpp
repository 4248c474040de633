// Packet captures: frames with right headers and checksums; every path's stream, taken from the
// capture, is the file, or decrypts or inflates to it; frames carry the time at which the wire has
// carried them; what the model has only tags of is filler of the right length.
#include "models/platform/packet_capture.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "models/nic/frame.h"
#include "models/nic/tls_record.h"
#include "models/workload/decoder.h"
#include "testbench/tests/apart.h"
#include "testbench/tests/captured.h"

namespace copypath {
namespace {

TEST(Shown, TagsBecomeTheirOffsetsAndHeadersOfRecords) {
  Content content;
  content.append({0, 0, 30, 20});
  const std::vector<std::uint8_t> bytes = shown(content);
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "0\n000000000000020\n00");
  Content record;
  record.append({0, 100, 0, 5, Form::kFraming});
  const TlsCipher::Header header = TlsCipher::header(100);
  EXPECT_EQ(shown(record), std::vector<std::uint8_t>(header.begin(), header.end()));
}

// ---- Whole machines.

class Capture : public ::testing::Test {
protected:
  Capture() : folder_(std::filesystem::temp_directory_path() / "copypath-capture-XXXXXX") {
    std::string name = folder_.string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    // Odd, compressible, and nowhere the same.
    for (std::uint32_t i = 0; i < 100'003; ++i) {
      content_.push_back(static_cast<std::uint8_t>((i * i >> 9) ^ (i % 251)));
    }
    std::ofstream file(folder_ / "file", std::ios::binary);
    file.write(reinterpret_cast<const char*>(content_.data()),
               static_cast<std::streamsize>(content_.size()));
    config_.workload.file = folder_ / "file";
    config_.workload.file_size = Bytes(content_.size());
    config_.workload.data = Data::kBytes;
    config_.workload.clients = 2;
  }
  ~Capture() override { std::filesystem::remove_all(folder_); }

  /// Simulates a path, and reads the capture that it has made.
  std::vector<CapturedFrame> captured(const std::string& path, const Config& config) {
    std::vector<Simulation> simulations(1);
    simulations[0].path = path;
    simulations[0].options.capture_file = folder_ / "capture";
    RunAllOptions options;
    options.show_progress = false;
    run_all(config, simulations, options);
    result_ = simulations[0].result;
    EXPECT_TRUE(result_.delivered_ok) << path;
    return read_capture(folder_ / "capture");
  }

  /// What the client makes of the stream that it gets, without framing and all.
  static std::vector<std::uint8_t> decoded(std::vector<std::uint8_t> stream, Transformation how,
                                           std::uint32_t client, const Config& config) {
    const auto decoder = make_decoder(how, client, config.workload);
    if (!decoder) return stream;
    Content in, out;
    in.append(stream.data(), stream.size());
    EXPECT_TRUE(decoder->decode(in, out));
    return out.bytes();
  }

  /// Every path that the machine has, whose streams must be the file.
  void expect_file_in_all_paths(const Config& config) {
    for (const Path* path : paths()) {
      SCOPED_TRACE(path->name);
      if (!refusal(*path, config).empty()) continue;
      std::uint32_t files = 0;
      std::uint64_t sent = 0;
      for (const auto& [flow, stream] : streams_of(captured(path->name, config))) {
        const auto& [from, from_port, to, to_port] = flow;
        if (to >= 0x0a010001) {  // to a client
          EXPECT_EQ(decoded(stream, path->transform, to - 0x0a010001, config), content_);
          sent += stream.size();
          ++files;
        } else if (from_port == 8000) {  // from the origin
          EXPECT_EQ(stream, content_);
          ++files;
        } else {  // a request
          EXPECT_LT(stream.size(), 100u);
        }
        if (HasFailure()) return;
      }
      EXPECT_EQ(files, config.workload.clients * (path->reads == Reads::kOrigin ? 2 : 1));
      EXPECT_GE(sent, path->transform == Transformation::kCompress ? 1 : 2 * content_.size());
    }
  }

  std::filesystem::path folder_;
  std::vector<std::uint8_t> content_;
  Config config_;
  Result result_;
};

TEST_F(Capture, EveryPathCarriesTheFile) { expect_file_in_all_paths(config_); }

TEST_F(Capture, EveryPathCarriesTheFileThroughAPlainNic) {
  config_.nic.scatter_gather = config_.nic.checksum_offload = false;
  config_.nic.segmentation_offload = false;
  expect_file_in_all_paths(config_);
}

TEST_F(Capture, EveryPathCarriesTheFileWithLargeFramesAndASmallWindow) {
  config_.nic.mtu = Bytes(9000);
  config_.socket.window = Bytes(20'000);
  config_.workload.clients = 3;
  expect_file_in_all_paths(config_);
}

TEST_F(Capture, WhatTheNicEncryptsIsCapturedEncrypted) {
  for (const TlsOffload offload : {TlsOffload::kBounce, TlsOffload::kZerocopy}) {
    config_.nic.tls_offload = offload;
    expect_file_in_all_paths(config_);
  }
}

// Of a log broker a consumer's stream is headers and records, a producer's its batches, to which
// the broker answers; both come to it.
TEST_F(Capture, ProducersOfALogBrokerComeToIt) {
  Config config;
  config.workload.kind = WorkloadKind::kLogBroker;
  config.workload.clients = 2;
  config.broker.lag = Bytes(10'000);
  config.broker.batches = 4;
  config.broker.batch = Bytes(20'000);
  const auto streams = streams_of(captured("sendfile", config));
  ASSERT_EQ(streams.size(), 6U);
  const auto headers = static_cast<std::uint64_t>(*result_.value("syscalls.writev")) * 100;
  std::uint64_t to_consumers = 0;
  for (const auto& [flow, stream] : streams) {
    const auto& [from, from_port, to, to_port] = flow;
    const std::string text(stream.begin(), stream.begin() + 8);
    if (to == 0x0a000001) {
      EXPECT_EQ(to_port, 8000);
      const bool producer = from == 0x0a010003;
      EXPECT_EQ(producer ? stream.size() : 80'000, 80'000);
      EXPECT_EQ(text == "FETCH 0 ", !producer);
    } else if (to == 0x0a010003) {
      EXPECT_EQ(text, "APPENDED");
      EXPECT_EQ(stream.size(), 4 * kRequestText.count());
    } else {
      to_consumers += stream.size();
    }
  }
  EXPECT_EQ(to_consumers, 2 * 90'000 + headers);
}

// The frames of a packet follow one another at line rate; the last one reaches the client half a
// round trip later, and with it the run ends.
TEST_F(Capture, FramesCarryTheTimeAtWhichTheyHaveLeft) {
  config_.workload.clients = 1;
  const std::vector<CapturedFrame> frames = captured("sendfile", config_);
  const std::uint64_t second = 1'000'000'000;
  std::vector<const CapturedFrame*> data;
  for (const CapturedFrame& frame : frames) {
    if (frame.from == 0x0a000001 && !frame.payload.empty()) data.push_back(&frame);
  }
  const Bytes mss = segment_size(config_.nic.mtu);
  ASSERT_EQ(data.size(), frames_for(config_.workload.file_size, config_.nic.mtu));
  const double full = (wire_bytes(mss, config_.nic.mtu) / config_.nic.rate).to_seconds() * 1e9;
  for (std::size_t i = 1; i < 40; ++i) {  // in the first packet
    EXPECT_EQ(data[i]->payload.size(), mss.count());
    EXPECT_NEAR(static_cast<double>(data[i]->nanoseconds - data[i - 1]->nanoseconds), full, 1);
  }
  const double end = *result_.value("elapsed_s") * 1e9 - config_.socket.rtt.to_seconds() / 2 * 1e9;
  EXPECT_NEAR(static_cast<double>(data.back()->nanoseconds - second), end, 1);
  // The handshake takes a round trip, and the request is there when the run begins.
  EXPECT_TRUE(frames[0].has(kSyn));
  EXPECT_EQ(frames[0].nanoseconds, second - 100'000);
  EXPECT_EQ(frames[2].nanoseconds, second);
  EXPECT_EQ(frames[3].nanoseconds, second);
  EXPECT_FALSE(frames[3].payload.empty());
}

// Whoever sends them: the wire of each direction takes one after the other. Frames that the capture
// makes up, before and after the run, take no time.
TEST_F(Capture, FramesAreNoCloserThanTheWireAllows) {
  config_.workload.clients = 7;
  config_.workload.requests = 2;
  for (const unsigned every : {0U, 1U}) {
    config_.socket.ack_every = every;
    for (const char* const path : {"sendfile", "proxy_splice", "proxy_read_write"}) {
      SCOPED_TRACE(path);
      std::map<bool, double> last;  // by direction
      unsigned seen = 0;
      for (const CapturedFrame& frame : captured(path, config_)) {
        const double end = static_cast<double>(frame.nanoseconds) - 1e9;
        if (frame.has(kFin)) break;
        if (end <= 0) continue;
        const Bytes size = frame_on_wire(Bytes(frame.header + frame.payload.size()));
        const double takes = (size / config_.nic.rate).to_seconds() * 1e9;
        const bool sent = frame.from == 0x0a000001;
        if (last.count(sent) != 0) {
          EXPECT_GE(end - last[sent], takes - 1) << "frame at " << end;
        }
        last[sent] = end;
        ++seen;
      }
      EXPECT_GT(seen, 500U);
      if (HasFailure()) return;
    }
  }
}

// What peers send has a window, and is numbered through.
TEST_F(Capture, PeersNumberTheirFramesAndAnnounceAWindow) {
  config_.socket.ack_every = 2;
  for (const char* const path : {"sendfile", "proxy_splice"}) {
    std::map<CapturedFrame::Flow, std::uint16_t> last;
    for (const CapturedFrame& frame : captured(path, config_)) {
      if (frame.from == 0x0a000001) continue;
      EXPECT_EQ(frame.identification, ++last[frame.flow()]) << path;
      if (!frame.has(kSyn)) {
        EXPECT_EQ(frame.window, scaled_window(config_.socket.window)) << path;
      }
    }
    EXPECT_GE(last.size(), 2U);
  }
}

TEST_F(Capture, NoPacketIsLongerThanIpAllows) {
  config_.nic.mtu = kKiB * 64;
  EXPECT_EQ(segment_size(config_.nic.mtu), Bytes(65535 - 52));
  expect_file_in_all_paths(config_);
}

TEST_F(Capture, IsAsLongWithTagsAsWithBytes) {
  const std::vector<CapturedFrame> bytes = captured("ktls_sendfile", config_);
  config_.workload.data = Data::kTags;
  const std::vector<CapturedFrame> tags = captured("ktls_sendfile", config_);
  ASSERT_EQ(tags.size(), bytes.size());
  for (std::size_t i = 0; i < tags.size(); ++i) {
    EXPECT_EQ(tags[i].nanoseconds, bytes[i].nanoseconds);
    EXPECT_EQ(tags[i].payload.size(), bytes[i].payload.size());
  }
  streams_of(tags);
}

TEST_F(Capture, ChangesNothing) {
  captured("splice", config_);
  EXPECT_EQ(to_json(result_).dump(), to_json(simulate_apart(config_, "splice")).dump());
}

}  // namespace
}  // namespace copypath
