// The NIC's registers, as far as a driver needs them to bring up its rings and to run them.
#include <cstring>

#include "models/nic/nic.h"

namespace copypath {

namespace {

template <typename Value>
Value value_of(const tlm::tlm_generic_payload& payload) {
  Value value{};
  std::memcpy(&value, payload.get_data_ptr(), sizeof value);
  return value;
}

bool has(const tlm::tlm_generic_payload& payload, std::size_t bytes) {
  return payload.get_data_ptr() != nullptr && payload.get_data_length() == bytes;
}

}  // namespace

void Nic::access_register(tlm::tlm_generic_payload& payload, sc_time& delay) {
  if (payload.get_address() == reg::kInline && payload.is_write()) {
    send_inline(payload, delay);
    return;
  }
  const std::uint64_t address = payload.get_address();
  const bool known = payload.is_write() ? write_register(address, payload)
                                        : payload.is_read() && read_register(address, payload);
  payload.set_response_status(known ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

bool Nic::write_register(std::uint64_t address, const tlm::tlm_generic_payload& payload) {
  if (address == reg::kInterruptServed && has(payload, 4)) {
    const auto vector = value_of<std::uint32_t>(payload);
    if (vector >= receiver.queues()) return false;
    receiver.vector(vector).serve();
    return true;
  }
  const bool transmits = address >= reg::kTransmitBase;
  const std::uint64_t first = transmits ? reg::kTransmitBase : reg::kReceiveBase;
  if (address < first) return false;
  const auto queue = static_cast<std::size_t>((address - first) / reg::kQueueRegisters);
  if (queue >= transmit_queues_.size()) return false;
  TxQueue& sending = transmit_queues_[queue];
  RxQueue& receiving = receiver.queue(queue);
  switch (address - queue * reg::kQueueRegisters) {
    case reg::kTransmitBase:
      if (!has(payload, 8)) return false;
      sending.base = value_of<std::uint64_t>(payload);
      return true;
    case reg::kReceiveBase:
      if (!has(payload, 8)) return false;
      receiving.base = value_of<std::uint64_t>(payload);
      return true;
    case reg::kTransmitContext:
      if (!has(payload, kDescriptorBytes)) return false;
      sending.context = TxContext::decode(payload.get_data_ptr());
      return true;
    default:
      break;
  }
  if (!has(payload, 4)) return false;
  const auto value = value_of<std::uint32_t>(payload);
  switch (address - queue * reg::kQueueRegisters) {
    case reg::kTransmitLength:
      sending.set_length(Bytes(value));
      return true;
    case reg::kTransmitTail:
      ring_doorbell(sending, value);
      return true;
    case reg::kReceiveLength:
      receiving.set_length(Bytes(value));
      return true;
    case reg::kReceiveTail:
      receiving.set_tail(value);
      if (sc_core::sc_is_running()) receiver.notify();  // not when the ring is brought up
      return true;
    default:
      return false;
  }
}

bool Nic::read_register(std::uint64_t address, const tlm::tlm_generic_payload& payload) const {
  const bool transmits = address >= reg::kTransmitBase;
  const std::uint64_t first = transmits ? reg::kTransmitHead : reg::kReceiveHead;
  if (address < first || (address - first) % reg::kQueueRegisters != 0 || !has(payload, 4)) {
    return false;
  }
  const auto queue = static_cast<std::size_t>((address - first) / reg::kQueueRegisters);
  if (queue >= transmit_queues_.size()) return false;
  const std::uint32_t head =
      transmits ? transmit_queues_[queue].head() : receiver.queue(queue).head();
  std::memcpy(payload.get_data_ptr(), &head, sizeof head);
  return true;
}

}  // namespace copypath
