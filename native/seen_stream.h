// Which bytes of a TCP stream have been seen. Packets need not come in order, as two processors may
// send; they may be lost and sent again, cut elsewhere; and no byte must count twice. In C, for the
// probes in the kernel (provenance.bpf.c); sequence numbers may wrap around.
#ifndef COPYPATH_NATIVE_SEEN_STREAM_H
#define COPYPATH_NATIVE_SEEN_STREAM_H

#include <linux/types.h>

/// Gaps of a stream that can be kept in mind at the same time.
enum { kGapsOfStream = 8 };

/// Sequence numbers; the same ones twice if there is no gap.
struct StreamGap {
  __u32 from;
  __u32 to;
};

struct SeenStream {
  __u32 up_to;  ///< nothing from here on has been seen, and before it all but the gaps
  struct StreamGap gaps[kGapsOfStream];
};

/// A part of a packet's payload, as offsets from its first byte. Empty if it ends before it begins.
struct StreamPart {
  __s32 from;
  __s32 to;
};

/// What a packet shows for the first time: of each gap, and beyond all that has been seen.
struct FreshParts {
  struct StreamPart parts[kGapsOfStream + 1];
};

static inline __attribute__((always_inline)) struct StreamPart common_part(struct StreamPart a,
                                                                           struct StreamPart b) {
  if (a.from < b.from) a.from = b.from;
  if (b.to < a.to) a.to = b.to;
  return a;
}

/// How many bytes of `part` are fresh.
static inline __attribute__((always_inline)) __u32 fresh_bytes(const struct FreshParts* fresh,
                                                               struct StreamPart part) {
  __u32 sum = 0;
  for (int i = 0; i <= kGapsOfStream; ++i) {
    const struct StreamPart shown = common_part(fresh->parts[i], part);
    if (shown.from < shown.to) sum += shown.to - shown.from;
  }
  return sum;
}

/// Takes note of a packet of `size` bytes, and leaves in `fresh` what it shows for the first time.
/// Returns the bytes of a new gap for which there is no room: they will never be fresh.
static inline __attribute__((always_inline)) __u32 follow(struct SeenStream* stream, __u32 sequence,
                                                          __s32 size, struct FreshParts* fresh) {
  const struct StreamPart packet = {0, size};
  struct StreamGap rest = {0, 0};  // a gap that is new
  for (int i = 0; i < kGapsOfStream; ++i) {
    struct StreamGap* gap = &stream->gaps[i];
    struct StreamPart all;
    all.from = gap->from - sequence;
    all.to = gap->to - sequence;
    const struct StreamPart shown = common_part(all, packet);
    fresh->parts[i] = shown;
    if (shown.from >= shown.to) continue;
    if (all.from < shown.from && shown.to < all.to) {
      rest.from = sequence + shown.to;
      rest.to = gap->to;
    }
    if (all.from < shown.from) {
      gap->to = sequence + shown.from;
    } else {
      gap->from = sequence + shown.to;
    }
  }
  const __s32 seen = stream->up_to - sequence;
  fresh->parts[kGapsOfStream].from = seen > 0 ? seen : 0;
  fresh->parts[kGapsOfStream].to = size;
  if (seen < 0) {
    rest.from = stream->up_to;
    rest.to = sequence;
  }
  if (seen < size) stream->up_to = sequence + size;
  for (int i = 0; i < kGapsOfStream; ++i) {
    struct StreamGap* gap = &stream->gaps[i];
    if (gap->from != gap->to || rest.from == rest.to) continue;
    *gap = rest;
    rest.from = rest.to;
  }
  return rest.to - rest.from;
}

#endif
