// Burst timing: the arbiter grants the bus burst by burst. A master that is slower than the bus
// asks for its next burst at its own pace; after losing arbitration it may catch up by as many
// bursts as it can have outstanding. Who gets which burst and when depends only on who asks, so
// grants are worked out when the next one asks, when a transfer may have ended, or when a waveform
// shows them: only the end of a transfer needs an event.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "models/ledger/late_lanes.h"
#include "models/ledger/text_lane.h"
#include "models/memory/arbiter.h"
#include "models/memory/bus_timing.h"

namespace copypath {

class BurstTiming : public BusTiming, private LateLanes {
public:
  /// Bursts that a master can have outstanding (assumed; the depth of a small request queue).
  static constexpr unsigned kOutstanding = 8;

  BurstTiming(double capacity, Bytes burst, Arbitration arbitration);

  void start(unsigned master, Agent agent, Bytes bus_bytes, double limit, sc_time delay) override;
  bool finished(unsigned master) override;
  const sc_core::sc_event& done(unsigned master) const override { return requests_[master]->done; }
  void leave(unsigned) override {}
  bool has_room(double) const override { return false; }  // who gets it, the arbiter says
  void trace(sc_core::sc_trace_file* file, const std::string& name) override;

private:
  struct Request : Arbiter::Master {
    std::uint64_t left = 0;  ///< bytes; 0: no request
    Rate rate;               ///< of the master, or of the bus if that is slower
    sc_time pace;            ///< of whole bursts at that rate
    sc_time due;             ///< when the master asks for its next burst
    sc_time finish;          ///< once nothing is left
    sc_time announced;       ///< when `done` occurs; not after the finish
    sc_core::sc_event done;
  };

  void settle(sc_time before);
  void grant(sc_time at);
  sc_time earliest_finish(const Request& request) const;
  void announce(Request& request);

  bool idle_is_next() const;
  sc_time next_change() override;
  void change() override;
  void forget() override;

  double capacity_;
  Bytes burst_;
  sc_time burst_time_;
  std::unique_ptr<Arbiter> arbiter_;
  std::vector<std::unique_ptr<Request>> requests_;  // by master
  std::vector<Request*> waiting_;                   // of masters in ascending order
  std::vector<Arbiter::Master> ready_;
  sc_time arrived_;  // the last request
  sc_time free_at_;
  Agent holder_{};  // of the last burst
  std::uint64_t grants_ = 0;

  // What a waveform shows, and the grants that it does not show yet.
  struct Grant {
    sc_time begin;
    sc_time end;
    Agent agent;
  };
  bool kept_ = false;
  std::deque<Grant> not_shown_;
  sc_time shown_end_;  // of the burst shown
  bool idle_ = true;   // as shown
  std::uint64_t shown_grants_ = 0;
  TextLane owner_{"", 4};
};

}  // namespace copypath
