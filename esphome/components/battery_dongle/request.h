// A line from the backend, understood: an acknowledgement, a command or a schedule.
#pragma once
#include <cstring>
#include "flat_json.h"
#include "schedule.h"
#include "words.h"

namespace dongle_core {

struct OrderId {
  char text[64]{};
  bool operator==(const OrderId &other) const { return strcmp(text, other.text) == 0; }
  // At most 63 of [A-Za-z0-9_.:-], at least one.
  bool set(std::string_view id) {
    text[0] = '\0';
    if (id.empty() || id.size() >= sizeof text) return false;
    for (char c : id)
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' || c == '-')) return false;
    memcpy(text, id.data(), id.size());
    text[id.size()] = '\0';
    return true;
  }
};

struct Request {
  enum class Kind : uint8_t { MALFORMED, ACKNOWLEDGEMENT, COMMAND, SCHEDULE };
  static constexpr uint32_t LONGEST_LEASE_S = 86400;

  Kind kind{Kind::MALFORMED};
  OrderId id;  // empty: none that can be answered
  uint32_t acknowledged{0};
  uint32_t issued{0}, expires{0};
  Target target;      // of a command
  Schedule schedule;  // of a schedule

  void read(std::string_view line) {
    kind = Kind::MALFORMED;
    id = OrderId();
    FlatJson json;
    uint32_t version;
    if (!json.parse(line)) return;
    std::string_view text;
    if (json.text("id", text)) id.set(text);
    if (!json.whole("v", 1, 1, version)) return;
    if (json.has("ack") && !json.has("id")) {
      if (json.whole("ack", 0, UINT32_MAX, acknowledged)) kind = Kind::ACKNOWLEDGEMENT;
      return;
    }
    if (id.text[0] == '\0' || !json.whole("issued", 1, UINT32_MAX, issued) || !json.whole("expires", issued, UINT32_MAX, expires)) return;
    if (json.has("mode"))
      kind = command(json) ? Kind::COMMAND : Kind::MALFORMED;
    else if (json.has("plan"))
      kind = read_schedule(json) ? Kind::SCHEDULE : Kind::MALFORMED;
  }

 private:
  bool command(const FlatJson &json) {
    target = Target();
    std::string_view mode;
    if (!json.text("mode", mode) || !mode_named(mode, target.mode) || !json.whole("lease_s", 1, LONGEST_LEASE_S, target.lease_s)) return false;
    if (!forced(target.mode)) return !json.has("power") && !json.has("target_soc");
    target.power_w = MOST_ALLOWED;
    double power;
    if (json.has("power")) {
      if (!json.number("power", power) || !(power >= 0 && power <= 100000)) return false;
      target.power_w = int32_t(power + 0.5);
    }
    return !json.has("target_soc") || json.whole("target_soc", 1, 100, target.target_soc);
  }
  bool read_schedule(const FlatJson &json) {
    schedule = Schedule();
    std::string_view text;
    if (!json.whole("start", 1, UINT32_MAX, schedule.start) || !json.whole("step_s", 900, 3600, schedule.step_s)) return false;
    if (schedule.step_s != 900 && schedule.step_s != 1800 && schedule.step_s != 3600) return false;
    if (!json.text("plan", text) || !parse_plan(text, schedule)) return false;
    if (uint32_t(schedule.planned) * schedule.step_s > 48 * 3600) return false;
    return !json.has("classes") || (json.text("classes", text) && parse_classes(text, schedule));
  }
};

}  // namespace dongle_core
