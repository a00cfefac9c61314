// The mean of a minute's samples; a value nobody read is missing, never 0.
#pragma once
#include "record.h"

namespace dongle_core {

class Minute {
 public:
  void add(const float (&values)[N_SENT]) {
    for (uint8_t i = 0; i < N_SENT; i++) {
      if (std::isnan(values[i])) continue;
      sum_[i] += double(values[i]);
      count_[i]++;
    }
  }

  // Write the means into a record and begin the next minute.
  void close(Record &record) {
    for (uint8_t i = 0; i < N_SENT; i++) record.values[i] = count_[i] ? stored(float(sum_[i] / count_[i]), STORED_PER_UNIT[i]) : MISSING;
    *this = Minute();
  }

 private:
  double sum_[N_SENT]{};
  uint16_t count_[N_SENT]{};
};

}  // namespace dongle_core
