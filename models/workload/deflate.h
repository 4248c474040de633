// A server that compresses what it sends, chunk by chunk, and the client that makes a file of it
// again: one deflate stream per file, flushed at the end of every chunk, as web servers do.
// With real bytes both are zlib (level 1, made for speed); of tags, every chunk leaves the share
// workload.compress_ratio, rounded up.
// Left out: the headers of HTTP.
#pragma once

#include "models/memory/transfer.h"
#include "models/workload/decoder.h"

struct z_stream_s;

namespace copypath {

/// What deflate leaves of a chunk of tags.
Bytes compressed_size(Bytes chunk, double ratio);

class Compressor : public Transform {
public:
  explicit Compressor(double ratio);

  /// The most that can become of a chunk.
  static Bytes most(Bytes chunk);

  void begin_file();
  /// Before the pass over a chunk: whether it is the last one of its file.
  void set_last(bool last) { last_ = last; }
  void apply(const Content& chunk, Content& out) override;

private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };

  double ratio_;
  bool last_ = false;
  std::unique_ptr<z_stream_s, End> stream_;
};

class Decompressor : public Decoder {
public:
  explicit Decompressor(const WorkloadConfig& config);

  bool decode(const Content& stream, Content& file) override;

private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };

  bool take(Run& run, Content& file);
  bool inflate(const Content& stream, Content& file);

  Bytes file_size_;
  Bytes chunk_;
  double ratio_;
  Bytes position_;  // in the file, where the present chunk begins
  Bytes taken_;     // of what deflate has left of it
  Content held_;    // the end of the file, until the stream has come to its own
  Bytes inflated_;  // of the file
  std::unique_ptr<z_stream_s, End> stream_;
};

}  // namespace copypath
