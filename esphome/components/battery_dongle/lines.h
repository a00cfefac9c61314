// The lines the dongle says, byte for byte as the contract has them.
#pragma once
#include <cinttypes>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include "inbox.h"
#include "record.h"

namespace dongle_core {

class Line {
 public:
  Line() { add("{\"v\":1"); }
  const char *c_str() {
    if (!closed_) add("}");
    closed_ = true;
    return text_;
  }
  Line &whole(const char *key, int64_t value) { return add(",\"%s\":%" PRId64, key, value); }
  Line &number(const char *key, float value, int decimals) {
    if (std::isnan(value)) return *this;  // a missing value is a missing key
    const float unit = decimals ? 10.0f : 1.0f;
    const float rounded = std::round(value * unit) / unit;
    return add(",\"%s\":%.*f", key, decimals, double(rounded == 0 ? 0 : rounded));
  }
  Line &text(const char *key, const char *value) { return add(",\"%s\":\"%s\"", key, value); }
  Line &truth(const char *key, bool value) { return add(",\"%s\":%s", key, value ? "true" : "false"); }

 private:
  __attribute__((format(printf, 2, 3))) Line &add(const char *format, ...) {
    va_list values;
    va_start(values, format);
    const int wrote = vsnprintf(text_ + length_, sizeof text_ - length_, format, values);
    va_end(values);
    if (wrote > 0) length_ += size_t(wrote) < sizeof text_ - length_ ? size_t(wrote) : sizeof text_ - length_ - 1;
    return *this;
  }
  char text_[640];
  size_t length_{0};
  bool closed_{false};
};

constexpr const char *KEYS[N_SENT] = {"battery.soc", "battery.power", "battery.voltage", "battery.current", "battery.temperature",
                                      "grid.power", "pv.power", "load.power"};
constexpr int DECIMALS[N_SENT] = {1, 0, 1, 1, 1, 0, 0, 0};

// `setpoint_w` MISSING: released.
inline void say_values(Line &line, const float (&values)[N_SENT], State state, int32_t setpoint_w) {
  for (uint8_t i = 0; i < N_SENT; i++) line.number(KEYS[i], values[i], DECIMALS[i]);
  line.text("state", name(state));
  if (setpoint_w != MISSING) line.whole("setpoint", setpoint_w);
}

inline Line live_line(uint32_t epoch, uint32_t span_s, const float (&values)[N_SENT], State state, int32_t setpoint_w) {
  Line line;
  line.whole("ts", epoch).whole("span_s", span_s);
  say_values(line, values, state, setpoint_w);
  return line;
}

inline Line record_line(const Record &record, uint32_t epoch) {
  Line line;
  line.whole("ts", epoch).whole("span_s", 60).whole("seq", record.seq);
  float values[N_SENT];
  for (uint8_t i = 0; i < N_SENT; i++) values[i] = restored(record.values[i], STORED_PER_UNIT[i]);
  say_values(line, values, record.state(), record.setpoint_w);
  return line;
}

struct Answer {
  OrderId id;
  const char *status{""}, *reason{""};
  bool with_readback{false};
  Mode mode{Mode::SELF_USE};
  int32_t power_w{0};
  float soc{NAN};
};

inline Line answer_line(const Answer &answer, uint32_t epoch) {
  Line line;
  if (answer.id.text[0]) line.text("id", answer.id.text);
  if (epoch) line.whole("ts", epoch);
  line.text("status", answer.status);
  if (answer.reason[0]) line.text("reason", answer.reason);
  if (answer.with_readback) {
    line.text("mode", name(answer.mode));
    if (forced(answer.mode)) line.whole("power", answer.power_w);
    line.number("soc", answer.soc, 1);
  }
  return line;
}

}  // namespace dongle_core
