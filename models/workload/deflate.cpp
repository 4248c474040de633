#include "models/workload/deflate.h"

#define ZLIB_CONST  // zlib does not write where it reads
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace copypath {

namespace {

// What Z_SYNC_FLUSH adds to a chunk, with room to spare.
constexpr std::uint64_t kFlush = 64;

// Inflated at once.
constexpr std::size_t kOutput = 65536;

}  // namespace

Bytes compressed_size(Bytes chunk, double ratio) {
  return Bytes(static_cast<std::uint64_t>(std::ceil(static_cast<double>(chunk.count()) * ratio)));
}

void Compressor::End::operator()(z_stream_s* stream) const {
  deflateEnd(stream);
  delete stream;
}

Compressor::Compressor(double ratio) : ratio_(ratio), stream_(new z_stream{}) {
  if (deflateInit(stream_.get(), Z_BEST_SPEED) != Z_OK) throw std::runtime_error("zlib refuses");
}

Bytes Compressor::most(Bytes chunk) { return Bytes(compressBound(chunk.count()) + kFlush); }

void Compressor::begin_file() { deflateReset(stream_.get()); }

void Compressor::apply(const Content& chunk, Content& out) {
  if (!chunk.real()) {
    Bytes before;
    for (const Run& run : chunk.runs()) {
      const Bytes after = before + Bytes(run.bytes);
      const Bytes left = compressed_size(after, ratio_) - compressed_size(before, ratio_);
      if (left > Bytes(0)) {
        out.append({run.file, run.version, run.offset, left.count(), Form::kCompressed});
      }
      before = after;
    }
    return;
  }
  std::vector<std::uint8_t> compressed(most(chunk.size()).count());
  stream_->next_in = chunk.bytes().data();
  stream_->avail_in = static_cast<uInt>(chunk.bytes().size());
  stream_->next_out = compressed.data();
  stream_->avail_out = static_cast<uInt>(compressed.size());
  deflate(stream_.get(), last_ ? Z_FINISH : Z_SYNC_FLUSH);
  if (stream_->avail_out == 0) throw std::logic_error("deflate needs more room");
  out.append(compressed.data(), compressed.size() - stream_->avail_out);
}

void Decompressor::End::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

Decompressor::Decompressor(const WorkloadConfig& config)
    : file_size_(config.file_size),
      chunk_(config.chunk),
      ratio_(config.compress_ratio),
      stream_(new z_stream{}) {
  if (inflateInit(stream_.get()) != Z_OK) throw std::runtime_error("zlib refuses");
}

bool Decompressor::decode(const Content& stream, Content& file) {
  if (stream.real()) return inflate(stream, file);
  for (Run run : stream.runs()) {
    while (run.bytes > 0) {
      if (!take(run, file)) return false;
    }
  }
  return true;
}

/// Takes the beginning of a run: as far as it belongs to one chunk.
bool Decompressor::take(Run& run, Content& file) {
  const Bytes chunk = std::min(chunk_, file_size_ - position_);
  const Bytes left = compressed_size(chunk, ratio_);
  if (left == Bytes(0) || run.form != Form::kCompressed ||
      run.offset != (position_ + taken_).count()) {
    return false;
  }
  const Bytes part = std::min(Bytes(run.bytes), left - taken_);
  taken_ += part;
  run.offset += part.count();
  run.bytes -= part.count();
  if (taken_ == left) {
    file.append({run.file, run.version, position_.count(), chunk.count()});
    position_ += chunk;
    taken_ = Bytes(0);
    if (position_ == file_size_) position_ = Bytes(0);  // the next request begins anew
  }
  return true;
}

bool Decompressor::inflate(const Content& stream, Content& file) {
  std::vector<std::uint8_t> out(kOutput);
  stream_->next_in = stream.bytes().data();
  stream_->avail_in = static_cast<uInt>(stream.bytes().size());
  int status = Z_OK;
  do {
    stream_->next_out = out.data();
    stream_->avail_out = static_cast<uInt>(out.size());
    status = ::inflate(stream_.get(), Z_SYNC_FLUSH);
    const std::size_t n = out.size() - stream_->avail_out;
    inflated_ += Bytes(n);
    Content& to = inflated_ < file_size_ ? file : held_;
    to.append(out.data(), n);
    if (status == Z_STREAM_END) {
      file.append(held_.bytes().data(), held_.bytes().size());
      held_.clear();
      inflated_ = Bytes(0);
      inflateReset(stream_.get());
    }
  } while ((status == Z_OK || status == Z_STREAM_END) &&
           (stream_->avail_in > 0 || stream_->avail_out == 0));
  return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR;
}

}  // namespace copypath
