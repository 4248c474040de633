// Fluid timing: transfers share the bus as fair_shares.h says. A transfer's end is known when it
// starts and moves only when the shares change, so an uncontended one costs a single event. Of
// those that share a full bus only the next to end has an event, as all others will have new ends
// by then. One that is to begin a little later has its share from now on.
#pragma once

#include <vector>

#include "models/memory/bus_timing.h"
#include "models/memory/fair_shares.h"

namespace copypath {

class FluidTiming : public BusTiming {
public:
  FluidTiming(double capacity, Arbitration arbitration)
      : capacity_(capacity), arbitration_(arbitration) {}

  void start(unsigned master, Agent agent, Bytes bus_bytes, double limit, sc_time delay) override;
  bool finished(unsigned master) const override {
    return sc_core::sc_time_stamp() >= flows_[master]->finish;
  }
  const sc_core::sc_event& done(unsigned master) const override { return flows_[master]->done; }
  void leave(unsigned master) override;
  bool has_room(double limit) const override { return wanted() + limit <= capacity_; }
  void trace(sc_core::sc_trace_file* file, const std::string& name) override;

private:
  struct Flow {
    Agent agent{};
    double limit = 0;
    double rate = 0;  ///< bytes per second at present
    double left = 0;  ///< bytes left at `updated`
    sc_time updated;  ///< in the future: when it begins
    sc_time finish;
    bool announced = false;  ///< `done` will occur then
    sc_core::sc_event done;
  };

  Flow& flow_of(unsigned master);
  double wanted() const;
  void share_out();
  void set_rate(Flow& flow, double rate);
  void announce(Flow& flow);
  void announce_next();

  double capacity_;
  Arbitration arbitration_;
  std::vector<std::unique_ptr<Flow>> flows_;  // by master
  std::vector<Flow*> active_;
  std::vector<Demand> demands_;
  bool contended_ = false;
  bool traced_ = false;
  unsigned load_percent_ = 0;  // for the waveform
};

}  // namespace copypath
