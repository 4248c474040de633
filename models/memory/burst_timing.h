// Burst timing: the arbiter grants the bus burst by burst, and every grant is an event. A master
// that is slower than the bus asks for its next burst at its own pace; after losing arbitration it
// may catch up by as many bursts as it can have outstanding.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/ledger/text_lane.h"
#include "models/memory/arbiter.h"
#include "models/memory/bus_timing.h"

namespace copypath {

class BurstTiming : public BusTiming, public sc_core::sc_module {
public:
  /// Bursts that a master can have outstanding (assumed; the depth of a small request queue).
  static constexpr unsigned kOutstanding = 8;

  BurstTiming(const sc_core::sc_module_name& name, double capacity, Bytes burst,
              Arbitration arbitration);

  void start(unsigned master, Agent agent, Bytes bus_bytes, double limit, sc_time delay) override;
  bool finished(unsigned master) const override {
    const Request& request = *requests_[master];
    return request.left == 0 && sc_core::sc_time_stamp() >= request.finish;
  }
  const sc_core::sc_event& done(unsigned master) const override { return requests_[master]->done; }
  void leave(unsigned) override {}
  bool has_room(double) const override { return false; }  // who gets it is found out by an event
  void trace(sc_core::sc_trace_file* file, const std::string& name) override;

  /// Bursts granted so far.
  std::uint64_t grants() const { return grants_; }

private:
  struct Request {
    Agent agent{};
    std::uint64_t left = 0;  ///< bytes; 0: no request
    Rate rate;               ///< of the master, or of the bus if that is slower
    sc_time pace;            ///< of whole bursts at that rate
    sc_time due;             ///< when the master asks for its next burst
    sc_time finish;          ///< once nothing is left
    sc_core::sc_event done;
  };

  void grant();
  void finish(Request& request, sc_time burst_end);

  double capacity_;
  Bytes burst_;
  sc_time burst_time_;
  std::unique_ptr<Arbiter> arbiter_;
  std::vector<std::unique_ptr<Request>> requests_;  // by master
  std::vector<unsigned> waiting_;                   // masters with a request, in ascending order
  std::vector<Arbiter::Master> ready_;
  sc_time free_at_;
  sc_core::sc_event look_;
  std::uint64_t grants_ = 0;
  TextLane owner_{"", 4};
};

}  // namespace copypath
