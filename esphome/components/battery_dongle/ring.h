// The newest records in RAM; the oldest make room. Sequence numbers rise, may skip, and never come again.
#pragma once
#include <cstddef>
#include "record.h"

namespace dongle_core {

class Ring {
 public:
  void use(Record *memory, size_t capacity) {
    memory_ = memory;
    capacity_ = capacity;
  }
  size_t size() const { return size_; }

  void push(const Record &record) {
    if (capacity_ == 0) return;
    at(size_ == capacity_ ? 0 : size_) = record;
    if (size_ == capacity_)
      first_ = (first_ + 1) % capacity_;
    else
      size_++;
  }

  // The first record at or after a sequence number.
  bool find(uint32_t seq, Record &found) const {
    size_t low = 0, high = size_;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (at(middle).seq < seq)
        low = middle + 1;
      else
        high = middle;
    }
    if (low == size_) return false;
    found = at(low);
    return true;
  }
  bool oldest(Record &found) const { return find(0, found); }

 private:
  Record &at(size_t i) const { return memory_[(first_ + i) % capacity_]; }
  Record *memory_{nullptr};
  size_t capacity_{0}, first_{0}, size_{0};
};

}  // namespace dongle_core
