// The whole dongle without hardware: readings and lines go in, lines and bus requests come out, the clock is an argument.
#pragma once
#include "backlog.h"
#include "controller.h"
#include "executor.h"
#include "lives.h"
#include "orders.h"
#include "settings.h"
#include "telemetry.h"

namespace dongle_core {

class Dongle {
 public:
  static constexpr uint32_t STATUS_MS = 60000;

  Settings settings;
  Readings readings;
  Backlog backlog;
  WriteGuard guard;
  Executor executor;
  LinkWatch bus;

  explicit Dongle(Ports &ports) : ports_(ports) {}

  void begin(Flash *flash) {
    backlog.flash.mount(flash);
    orders_.begin();
    lives_.begin();
    if (lives_.forced()) executor.doubt();  // we, not a person, put it into that mode: take it back
  }

  void link(bool up, const Moment &now) {
    if (up && !backlog.linked()) status_due_ = true;
    backlog.link(up, now.ms);
  }

  // A line from the backend. Anything may come.
  void request(std::string_view line, const Moment &now) {
    request_.read(line);
    if (request_.kind == Request::Kind::ACKNOWLEDGEMENT) {
      backlog.acknowledge(request_.acknowledged, now.ms);
      return;
    }
    if (orders_.take(request_, now)) control(now);
  }

  void tick(const Moment &now) {
    guard.roll(now.epoch, now.ms);
    if (telemetry_.learn_clock(now)) status_due_ = true;
    hear_executor(now);
    control(now);
    sample(now);
    telemetry_.replay(now);
    report(now);
    lives_.remember(now);
  }

  // What to send on the bus next; its answer goes to `bus_done`.
  bool bus_next(const Moment &now, BusRequest &request) {
    if (!settings.writable && executor.sure()) return false;
    const uint16_t flash_before = guard.count().flash;
    bool is = executor.next(now, facts(now), guard, bus, request);
    // Kept before the register is written, so that no reboot refills the day; back to self-use goes also where nothing can be kept.
    if (guard.count().flash != flash_before && !lives_.keep_day() && !executor.to_self_use()) {
      executor.give_up("not_stored", now);
      is = false;
    }
    hear_executor(now);
    return is;
  }
  // Whether nothing shall be sent for a while, so that a late answer finds nobody waiting. An order that is being told does not wait for that.
  bool hush(const Moment &now) { return bus.in_doubt(now.bus_ms) && executor.patient(); }
  void bus_done(BusAnswer answer, const uint16_t *words, uint8_t n, const Moment &now) {
    executor.done(answer, words, n, bus, now);
    hear_executor(now);
  }

  State state() const { return decision_.state; }
  const char *fault(const Moment &now) const {
    if (bus.gone()) return "bus";
    if (!executor.sure() && !executor.busy()) return "write_failed";
    if (backlog.flash_failures() > 0) return "flash_log";
    return now.epoch == 0 ? "no_clock" : "";
  }
  // The inverter was heard to say this.
  void heard(Quantity what, float value, const Moment &now) {
    if (!bus.in_doubt(now.bus_ms)) readings.put(what, value, now.bus_ms);
  }
  // What was measured and is still fresh; NaN: nothing.
  float reading(Quantity what, const Moment &now) const { return read(what, now); }
  // What the inverter was last told: + charging; MISSING: nothing, it is released.
  int32_t setpoint_w() const {
    const Target &is = executor.applied();
    if (is.mode == Mode::HOLD) return 0;
    return is.mode == Mode::FORCE_CHARGE ? is.power_w : is.mode == Mode::FORCE_DISCHARGE ? -is.power_w : MISSING;
  }

 private:
  static constexpr uint32_t RULE_ORDER = 0x40000000u;

  void hear_executor(const Moment &now) { orders_.hear(executor.take_outcome(), decision_.limited, now); }

  float read(Quantity what, const Moment &now) const {
    const bool slow = what == BATTERY_TEMPERATURE;  // read once a minute, and no decision hangs on it
    return readings.get(what, now.bus_ms, slow ? settings.stale_ms * 5ull : settings.stale_ms);
  }
  Facts facts(const Moment &now) const {
    Facts facts = settings.facts;
    facts.battery_v = read(BATTERY_VOLTAGE, now);
    facts.max_charge_w = settings.limits.max_charge_w;
    facts.max_discharge_w = settings.limits.max_discharge_w;
    return facts;
  }

  void control(const Moment &now) {
    orders_.lapse(decision_.state, now);
    Inputs in;
    in.ms = now.ms;
    in.soc = read(SOC, now);
    in.battery_w = read(BATTERY_POWER, now);
    in.grid_w = read(GRID_POWER, now);
    in.grid_a = read(GRID_CURRENT, now);
    for (uint8_t mode = 0; mode < N_MODES; mode++) {
      in.offered[mode] = mode == uint8_t(Mode::SELF_USE) || executor.offers(Mode(mode));
      in.blocked[mode] = orders_.blocked(Mode(mode), now);
    }
    in.remote = orders_.leased(now);
    Target scheduled;
    if (settings.writable && orders_.schedule().target_at(now.epoch, scheduled)) {
      scheduled.order = (now.epoch + scheduled.lease_s) / 60 & 0x3FFFFFFFu;  // the slot's end names it
      in.scheduled = &scheduled;
    }
    PriceClass price;
    const bool known = orders_.schedule().class_at(now.epoch, price);
    if (settings.writable) in.rule = settings.rules.choose(known ? &price : nullptr, now.minute);
    in.rule.order = RULE_ORDER | uint32_t(in.rule.mode);
    in.rule.lease_s = 3600;
    const State before = decision_.state;
    decision_ = decide(in, settings.limits, decision_.latches);
    if (decision_.state != before) status_due_ = true;
    if (!settings.writable) decision_.target = Target();
    lives_.note_forced(decision_.target.mode != Mode::SELF_USE, executor.released());
    executor.want(decision_.target);
  }

  void sample(const Moment &now) {
    telemetry_.close_minute(now, decision_.state, setpoint_w());
    if (!telemetry_.due(now)) return;
    float values[N_SENT];
    for (uint8_t i = 0; i < N_SENT; i++) values[i] = read(Quantity(i), now);
    telemetry_.sample(now, values, decision_.state, setpoint_w());
  }

  void report(const Moment &now) {
    const char *fault_now = fault(now);
    if (strcmp(fault_now, fault_told_) != 0) status_due_ = true;
    if (!backlog.linked() || (!status_due_ && now.ms - status_ms_ < STATUS_MS)) return;
    status_due_ = false;
    status_ms_ = now.ms;
    fault_told_ = fault_now;
    Line line;
    line.truth("online", true);
    if (now.epoch) line.whole("ts", now.epoch);
    line.text("fw", settings.firmware).text("inverter", settings.inverter).truth("writable", settings.writable);
    line.text("state", name(decision_.state)).whole("boot", lives_.boot()).whole("uptime_s", int64_t(now.ms / 1000));
    line.whole("next_seq", backlog.next_seq()).whole("acked", backlog.acked()).whole("oldest", backlog.oldest_owed());
    line.whole("lost", backlog.lost());
    line.whole("bus_ok", bus.ok()).whole("bus_failed", bus.failures());
    line.whole("flash_writes", guard.count().flash).whole("flash_budget", guard.flash_per_day).whole("ram_writes", guard.count().ram);
    line.text("fault", fault_now);
    ports_.say(Say::STATUS, line.c_str());
  }

  Ports &ports_;
  Lives lives_{ports_, backlog, guard};
  Orders orders_{ports_, settings, readings, executor, guard};
  Telemetry telemetry_{ports_, backlog};
  Request request_;
  Decision decision_;
  uint64_t status_ms_{0};
  bool status_due_{true};
  const char *fault_told_{""};
};

}  // namespace dongle_core
