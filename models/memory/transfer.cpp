// Fills the one transaction of a port and sends it down the bus.
#include "models/memory/transfer.h"

#include <stdexcept>

namespace copypath {

MemoryPort::MemoryPort(const char* name) : simple_initiator_socket(name) {
  payload_.set_extension(&transfer_);
}

MemoryPort::~MemoryPort() { payload_.clear_extension(&transfer_); }

sc_time MemoryPort::dma_write(Movement movement, const Content& from, const SegmentList& to,
                              Rate limit) {
  transfer_.movement = movement;
  transfer_.from = nullptr;
  transfer_.to = &to;
  transfer_.source = &from;
  transfer_.sink = nullptr;
  transfer_.limit = transfer_.cached_limit = limit;
  return issue(tlm::TLM_WRITE_COMMAND, to.empty() ? 0 : to.front().address, size_of(to));
}

sc_time MemoryPort::dma_read(Movement movement, const SegmentList& from, Content& to, Rate limit) {
  transfer_.movement = movement;
  transfer_.from = &from;
  transfer_.to = nullptr;
  transfer_.source = nullptr;
  transfer_.sink = &to;
  transfer_.limit = transfer_.cached_limit = limit;
  return issue(tlm::TLM_READ_COMMAND, from.empty() ? 0 : from.front().address, size_of(from));
}

sc_time MemoryPort::pass(const Pass& pass, Bytes& produced) {
  transfer_.movement = pass.movement;
  transfer_.from = pass.from;
  transfer_.to = pass.to;
  transfer_.source = pass.source;
  transfer_.sink = nullptr;
  transfer_.transform = pass.transform;
  transfer_.limit = transfer_.cached_limit = pass.limit;
  if (kind_of(pass.movement).purpose == Purpose::kCopy && cached_copy_rate_ != Rate(0)) {
    transfer_.cached_limit = cached_copy_rate_;
  }
  const bool somewhere = pass.from != nullptr && !pass.from->empty();
  const sc_time latency =
      issue(tlm::TLM_IGNORE_COMMAND, somewhere ? pass.from->front().address : 0, pass.bytes());
  produced = pass.transform == nullptr ? pass.bytes() : transfer_.produced;
  return latency;
}

sc_time MemoryPort::control(Movement movement, Bytes bytes, Rate limit) {
  transfer_.movement = movement;
  transfer_.from = nullptr;
  transfer_.to = nullptr;
  transfer_.source = nullptr;
  transfer_.sink = nullptr;
  transfer_.limit = transfer_.cached_limit = limit;
  return issue(kind_of(movement).reads_memory() ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND, 0,
               bytes);
}

sc_time MemoryPort::control(Movement movement, const ControlList& pieces, Rate limit) {
  transfer_.control = &pieces;
  return control(movement, size_of(pieces), limit);
}

sc_time MemoryPort::control_ahead(Movement movement, Bytes bytes, Rate limit) {
  transfer_.may_run_ahead = true;
  return control(movement, bytes, limit);
}

sc_time MemoryPort::control_ahead(Movement movement, const ControlList& pieces, Rate limit) {
  transfer_.may_run_ahead = true;
  return control(movement, pieces, limit);
}

bool MemoryPort::try_control_ahead(Movement movement, Bytes bytes, Rate limit) {
  transfer_.must_not_wait = true;
  control_ahead(movement, bytes, limit);
  return payload_.is_response_ok();
}

bool MemoryPort::try_control_ahead(Movement movement, const ControlList& pieces, Rate limit) {
  transfer_.must_not_wait = true;
  control_ahead(movement, pieces, limit);
  return payload_.is_response_ok();
}

/// Sends what is prepared down the bus. What is special about it does not go for the next one.
sc_time MemoryPort::issue(tlm::tlm_command command, std::uint64_t address, Bytes bytes) {
  payload_.set_command(command);
  payload_.set_address(address);
  payload_.set_data_length(static_cast<unsigned>(bytes.count()));
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  const sc_time now = time_now();
  sc_time delay;  // by which this master is ahead of the others
  if (time_ > now) delay = time_ - now;
  (*this)->b_transport(payload_, delay);
  const bool may_be_refused = transfer_.must_not_wait;
  transfer_.control = nullptr;
  transfer_.transform = nullptr;
  transfer_.may_run_ahead = transfer_.must_not_wait = false;
  const tlm::tlm_response_status status = payload_.get_response_status();
  if (status == tlm::TLM_OK_RESPONSE) {
    time_ = time_now() + transfer_.ahead;
  } else if (!may_be_refused || status != tlm::TLM_INCOMPLETE_RESPONSE) {
    throw std::logic_error(std::string(name()) + ": " + payload_.get_response_string());
  }
  return delay;
}

}  // namespace copypath
