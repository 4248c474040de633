// Fluid timing: transfers share the bus as fair_shares.h says. A transfer that gets its limit ends
// at a time that is known when it starts. Those that share what is left keep time by how much each
// of them has got so far (the virtual time of fair queueing; Parekh & Gallager 1993): a transfer
// ends when that has risen by its bytes, whoever comes and goes meanwhile, so that only the one
// that ends next needs an event. One that is to begin a little later has its share from now on.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "models/memory/bus_timing.h"
#include "models/memory/fair_shares.h"

namespace copypath {

class FluidTiming : public BusTiming {
public:
  FluidTiming(double capacity, Arbitration arbitration)
      : capacity_(capacity), shares_(capacity, arbitration) {}

  void start(unsigned master, Agent agent, Bytes bus_bytes, double limit, sc_time delay) override;
  bool finished(unsigned master) override {
    const Flow& flow = *flows_[master];
    return flow.announced && sc_core::sc_time_stamp() >= flow.finish;
  }
  const sc_core::sc_event& done(unsigned master) const override { return flows_[master]->done; }
  void leave(unsigned master) override;
  bool has_room(double limit) const override { return shares_.wanted() + limit <= capacity_; }
  void trace(sc_core::sc_trace_file* file, const std::string& name) override;

private:
  struct Flow : Demand {
    bool in_virtual_time = false;  ///< it does not get its limit
    double left = 0;               ///< bytes left at `updated`, in real time
    sc_time updated;               ///< in the future: when it begins
    double target = 0;             ///< its end, in virtual time
    bool announced = false;        ///< `done` will occur at `finish`, which is its end
    sc_time finish;
    sc_core::sc_event done;
  };

  Flow& flow_of(unsigned master);
  void keep_time(sc_time now);
  void follow(sc_time now);
  void enter_real_time(Flow& flow, sc_time now);
  void enter_virtual_time(Flow& flow, sc_time now);
  void withdraw(Flow& flow);
  void announce(Flow& flow, sc_time from, double bytes, double rate);

  double capacity_;
  FairShares shares_;
  std::vector<std::unique_ptr<Flow>> flows_;                // by master
  std::array<double, FairShares::kRanks> virtual_times_{};  // bytes for a weight of 1, at `kept_`
  sc_time kept_;
  bool contended_ = false;
  bool traced_ = false;
  unsigned load_percent_ = 0;  // for the waveform
};

}  // namespace copypath
