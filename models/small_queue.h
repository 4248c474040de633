// A queue of which there are many, most of them empty: first in, first out, as std::deque, which
// takes 576 bytes from the beginning.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace copypath {

template <typename T>
class SmallQueue {
public:
  using const_iterator = typename std::vector<T>::const_iterator;

  bool empty() const { return first_ == entries_.size(); }
  std::size_t size() const { return entries_.size() - first_; }
  const_iterator begin() const { return entries_.begin() + static_cast<std::ptrdiff_t>(first_); }
  const_iterator end() const { return entries_.end(); }
  const T& front() const { return entries_[first_]; }
  const T& back() const { return entries_.back(); }
  T& back() { return entries_.back(); }
  const T& operator[](std::size_t i) const { return entries_[first_ + i]; }

  void push_back(T entry) {
    if (2 * first_ >= entries_.capacity()) {  // the front half is free: no more memory
      entries_.erase(entries_.begin(), begin());
      first_ = 0;
    }
    entries_.push_back(std::move(entry));
  }
  void pop_front() {
    if (++first_ == entries_.size()) clear();
  }
  void clear() {
    entries_.clear();
    first_ = 0;
  }

private:
  std::vector<T> entries_;
  std::size_t first_ = 0;
};

}  // namespace copypath
