// One step of telling an inverter a mode: which register gets which words.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>
#include "words.h"
#include "write_guard.h"

namespace dongle_core {

enum class Source : uint8_t { NUMBER, POWER, POWER_PCT, CURRENT, LEASE_S, LEASE_MIN, TARGET_SOC, MAX_CHARGE, MAX_DISCHARGE };

struct Facts {  // what values are computed from, beside the target
  int32_t max_charge_w{0}, max_discharge_w{0}, rated_w{0};
  float battery_v{NAN};
  uint8_t full_soc{100}, empty_soc{10};  // the goals of forced modes that name none
};

struct Value {
  Source source{Source::NUMBER};
  double number{0}, scale{1}, offset{0};
  double lowest{-2147483648.0}, highest{4294967295.0};
  uint8_t words{1};
  bool little{false}, floating{false};

  bool depends_on_command() const {
    return source == Source::POWER || source == Source::POWER_PCT || source == Source::CURRENT || source == Source::TARGET_SOC;
  }

  // Write its words; false if something it needs is not known.
  bool put(const Target &target, const Facts &facts, uint16_t *out) const {
    double raw;
    if (!base(target, facts, raw)) return false;
    raw = raw * scale + offset;
    const bool one_word = words == 1 && !floating;  // what does not fit would come out as another number
    const double low = one_word && lowest < -32768 ? -32768 : lowest, high = one_word && highest > 65535 ? 65535 : highest;
    raw = raw < low ? low : raw > high ? high : raw;
    uint32_t bits;
    if (floating) {
      const auto single = float(raw);
      memcpy(&bits, &single, sizeof bits);
    } else {
      bits = uint32_t(int64_t(std::llround(raw)));
    }
    if (words == 1) {
      out[0] = uint16_t(bits);
    } else {
      out[little ? 1 : 0] = uint16_t(bits >> 16);
      out[little ? 0 : 1] = uint16_t(bits);
    }
    return true;
  }

 private:
  bool base(const Target &target, const Facts &facts, double &raw) const {
    switch (source) {
      case Source::NUMBER: raw = number; return true;
      case Source::POWER: raw = target.power_w; return true;
      case Source::POWER_PCT:
        if (facts.rated_w <= 0) return false;
        raw = std::floor(100.0 * target.power_w / facts.rated_w);
        return true;
      case Source::CURRENT:
        if (std::isnan(facts.battery_v) || facts.battery_v <= 0) return false;
        raw = std::floor(double(target.power_w) / double(facts.battery_v) * 10) / 10;
        return true;
      case Source::LEASE_S: raw = target.lease_s; return true;
      case Source::LEASE_MIN: raw = (target.lease_s + 59) / 60; return true;
      case Source::TARGET_SOC:
        raw = target.target_soc ? target.target_soc : target.mode == Mode::FORCE_DISCHARGE ? facts.empty_soc : facts.full_soc;
        return true;
      case Source::MAX_CHARGE: raw = facts.max_charge_w; return true;
      case Source::MAX_DISCHARGE: raw = facts.max_discharge_w; return true;
    }
    return false;
  }
};

struct Step {
  static constexpr uint8_t MAX_WORDS = 16;
  uint16_t address{0};
  uint8_t function{6};
  WriteClass kind{WriteClass::RAM};
  bool refresh{false}, check{false};
  std::vector<Value> values;

  uint8_t words() const {
    uint8_t words = 0;
    for (const Value &value : values) words += value.words;
    return words;
  }
  bool depends_on_command() const {
    for (const Value &value : values)
      if (value.depends_on_command()) return true;
    return false;
  }
  bool fill(const Target &target, const Facts &facts, uint16_t (&out)[MAX_WORDS]) const {
    uint8_t at = 0;
    for (const Value &value : values) {
      if (at + value.words > MAX_WORDS || !value.put(target, facts, out + at)) return false;
      at += value.words;
    }
    return true;
  }
};

}  // namespace dongle_core
