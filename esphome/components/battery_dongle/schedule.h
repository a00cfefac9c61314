// What to do slot by slot for up to 48 hours, as the optimizer last said it.
#pragma once
#include <string_view>
#include "words.h"

namespace dongle_core {

struct Slot {
  uint16_t mode : 3, power_20w : 11, is_class : 2;  // power in steps of 20 W up to 40 kW; the top value: most allowed
};
static_assert(sizeof(Slot) == 2, "kept in preferences by devices in use");

struct Schedule {
  static constexpr uint16_t MAX_SLOTS = 192;
  static constexpr uint16_t MOST = 0x7FF, STEP_W = 20;

  uint32_t start{0};
  uint16_t step_s{0}, planned{0}, classed{0}, spare{0};
  Slot slots[MAX_SLOTS]{};

  // Which slot an instant is in; -1: none of them.
  int slot_at(uint32_t epoch) const {
    if (epoch == 0 || step_s == 0 || epoch < start) return -1;
    const uint32_t slot = (epoch - start) / step_s;
    return slot < MAX_SLOTS ? int(slot) : -1;
  }
  bool target_at(uint32_t epoch, Target &target) const {
    const int slot = slot_at(epoch);
    if (slot < 0 || slot >= planned) return false;
    target = Target();
    target.mode = Mode(slots[slot].mode);
    target.power_w = slots[slot].power_20w == MOST ? MOST_ALLOWED : slots[slot].power_20w * STEP_W;
    target.lease_s = start + uint32_t(slot + 1) * step_s - epoch;
    return true;
  }
  bool class_at(uint32_t epoch, PriceClass &price) const {
    const int slot = slot_at(epoch);
    if (slot < 0 || slot >= classed) return false;
    price = PriceClass(slots[slot].is_class);
    return true;
  }
};

namespace runs {

inline bool number(std::string_view &text, uint32_t highest, uint32_t &value) {
  value = 0;
  size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; digits++) {
    value = value * 10 + uint32_t(text[digits] - '0');
    if (value > highest) return false;
  }
  text.remove_prefix(digits);
  return digits > 0;
}

// Read "letter[number][*count],…" and give each run to `take(letter, has_number, number, first slot, end slot)`.
template<typename Take> bool parse(std::string_view text, uint16_t &slots, Take take) {
  slots = 0;
  while (true) {
    if (text.empty()) return false;
    const char letter = text.front();
    text.remove_prefix(1);
    uint32_t value = 0, count = 1;
    const bool has_value = !text.empty() && text.front() >= '0' && text.front() <= '9';
    if (has_value && !number(text, 65535, value)) return false;
    if (!text.empty() && text.front() == '*') {
      text.remove_prefix(1);
      if (!number(text, Schedule::MAX_SLOTS, count) || count == 0) return false;
    }
    if (slots + count > Schedule::MAX_SLOTS) return false;
    if (!take(letter, has_value, value, slots, uint16_t(slots + count))) return false;
    slots = uint16_t(slots + count);
    if (text.empty()) return true;
    if (text.front() != ',') return false;
    text.remove_prefix(1);
  }
}

}  // namespace runs

// Fill in the plan; false leaves a schedule that must not be used.
inline bool parse_plan(std::string_view text, Schedule &schedule) {
  constexpr std::string_view LETTERS = "scdfh";  // in the order of Mode
  return runs::parse(text, schedule.planned, [&](char letter, bool has_power, uint32_t power, uint16_t from, uint16_t to) {
    const size_t mode = LETTERS.find(letter);
    if (mode == std::string_view::npos || (has_power && !forced(Mode(mode)))) return false;
    if (power >= uint32_t(Schedule::MOST) * Schedule::STEP_W) return false;
    for (uint16_t i = from; i < to; i++) {
      schedule.slots[i].mode = uint16_t(mode) & 7;
      schedule.slots[i].power_20w = (has_power || !forced(Mode(mode)) ? uint16_t((power + 10) / Schedule::STEP_W) : Schedule::MOST) & 0x7FF;
    }
    return true;
  });
}

inline bool parse_classes(std::string_view text, Schedule &schedule) {
  constexpr std::string_view LETTERS = "-cne";  // in the order of PriceClass
  return runs::parse(text, schedule.classed, [&](char letter, bool has_value, uint32_t, uint16_t from, uint16_t to) {
    const size_t price = LETTERS.find(letter);
    if (price == std::string_view::npos || has_value) return false;
    for (uint16_t i = from; i < to; i++) schedule.slots[i].is_class = uint16_t(price) & 3;
    return true;
  });
}

}  // namespace dongle_core
