// The whole dongle without hardware: readings and lines go in, lines and bus requests come out, the clock is an argument.
#pragma once
#include "backlog.h"
#include "controller.h"
#include "executor.h"
#include "lines.h"
#include "minute.h"
#include "rules.h"

namespace dongle_core {

enum class Say : uint8_t { TELEMETRY, STATUS, RESPONSE };
enum class Kept : uint8_t { LIFE, DAY, ORDERS, SCHEDULE };

class Ports {
 public:
  virtual ~Ports() = default;
  virtual void say(Say what, const char *line) = 0;
  virtual bool keep(Kept what, const void *data, size_t size) = 0;  // over reboots, from now on
  virtual bool kept(Kept what, void *data, size_t size) = 0;
};

struct Settings {
  const char *firmware{""}, *inverter{""};
  bool writable{false};
  uint32_t stale_ms{60000};    // older readings are not believed
  Limits limits;
  Rules rules;
  Facts facts;
};

class Dongle {
 public:
  static constexpr uint32_t SAMPLE_S = 10, MINUTE_S = 60, STATUS_MS = 60000;
  static constexpr uint32_t GIVE_UP_MS = 60000;        // an order not confirmed by then has failed
  static constexpr uint32_t BLOCKED_MS = 300000;       // a mode the inverter did not take is left alone for so long
  static constexpr uint32_t SEQ_STRIDE = 1000;         // numbers reserved at a time: one flash write for 16 h of records
  static constexpr uint32_t KEEP_ACK_MS = 600000;

  Settings settings;
  Readings readings;
  Backlog backlog;
  WriteGuard guard;
  Executor executor;
  LinkWatch bus;

  explicit Dongle(Ports &ports) : ports_(ports) {}

  void begin(Flash *flash) {
    backlog.flash.mount(flash);
    const bool lived = ports_.kept(Kept::LIFE, &life_, sizeof life_) || !backlog.flash.empty();
    DayCount day;
    if (ports_.kept(Kept::DAY, &day, sizeof day))
      guard.restore(day);
    else if (lived)
      guard.spend_flash();  // the count is lost: better none today than too many
    ports_.kept(Kept::ORDERS, inbox_.newest, sizeof inbox_.newest);
    if (!ports_.kept(Kept::SCHEDULE, &schedule_, sizeof schedule_)) schedule_ = Schedule();
    if (life_.forced) executor.doubt();  // we, not a person, put it into that mode: take it back
    life_.boot++;
    backlog.begin(life_.seq_floor, life_.acked, uint8_t(life_.boot));
    life_.seq_floor = backlog.next_seq() + SEQ_STRIDE;
    keep_day();
    ports_.keep(Kept::LIFE, &life_, sizeof life_);
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
    Fate earlier;
    const char *reason = inbox_.judge(request_, now.epoch, earlier);
    if (reason == nullptr) reason = refusal();
    if (reason != nullptr) {
      Answer answer = about(request_.id, strcmp(reason, "expired") == 0 ? "expired" : FATES[uint8_t(earlier)]);
      answer.reason = reason;
      return tell(answer, now);
    }
    inbox_.took(request_);
    ports_.keep(Kept::ORDERS, inbox_.newest, sizeof inbox_.newest);
    tell(about(request_.id, "accepted"), now);
    if (request_.kind == Request::Kind::SCHEDULE)
      take_schedule(now);
    else
      take_command(now);
  }

  void tick(const Moment &now) {
    guard.roll(now.epoch, now.ms);
    learn_clock(now);
    hear_executor(now);
    control(now);
    sample(now);
    replay(now);
    report(now);
    remember(now);
  }

  // What to send on the bus next; its answer goes to `bus_done`.
  bool bus_next(const Moment &now, BusRequest &request) {
    if (!settings.writable && executor.sure()) return false;
    const uint16_t flash_before = guard.count().flash;
    bool is = executor.next(now, facts(now), guard, bus, request);
    // Kept before the register is written, so that no reboot refills the day; back to self-use goes also where nothing can be kept.
    if (guard.count().flash != flash_before && !keep_day() && !executor.to_self_use()) {
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
  struct Life {
    uint32_t boot{0}, seq_floor{0}, acked{0};
    uint32_t forced{0};  // 1: we told the inverter something that self-use must take back
  };
  struct Lease {
    bool live{false}, confirmed{false};
    OrderId id;
    Target target;
    uint64_t until_ms{0};
    uint64_t since_bus_ms{0};
  };

  static constexpr uint32_t REMOTE_ORDER = 0x80000000u, RULE_ORDER = 0x40000000u;

  // ---- orders

  const char *refusal() const {
    if (!settings.writable) return "read_only";
    if (request_.kind == Request::Kind::SCHEDULE) return nullptr;
    if (!executor.offers(request_.target.mode)) return "unsupported";
    return spent(request_.target.mode) ? "budget" : nullptr;
  }
  bool spent(Mode mode) const {
    if (mode == Mode::SELF_USE || (executor.sure() && mode == executor.applied().mode)) return false;
    return !guard.allows(WriteClass::RAM, false) || (executor.wears_flash(mode) && !guard.allows(WriteClass::FLASH, false));
  }
  void take_command(const Moment &now) {
    if (lease_.live && !lease_.confirmed) close_lease(Fate::FAILED, "superseded", now);
    lease_ = Lease();
    lease_.live = true;
    lease_.id = request_.id;
    lease_.target = request_.target;
    lease_.target.insist = true;
    lease_.target.order = REMOTE_ORDER | (++orders_ & 0x3FFFFFFFu);
    lease_.until_ms = now.ms + uint64_t(request_.target.lease_s) * 1000;
    lease_.since_bus_ms = now.bus_ms;
    for (uint64_t &until : blocked_until_ms_) until = 0;  // whoever asks now may have mended it
    control(now);
  }
  void take_schedule(const Moment &now) {
    schedule_ = request_.schedule;
    const bool kept = ports_.keep(Kept::SCHEDULE, &schedule_, sizeof schedule_);
    inbox_.became(request_.id, kept ? Fate::CONFIRMED : Fate::FAILED);
    Answer answer = about(request_.id, kept ? "confirmed" : "failed");
    if (!kept) answer.reason = "not_stored";
    tell(answer, now);
    control(now);
  }
  void close_lease(Fate fate, const char *reason, const Moment &now) {
    inbox_.became(lease_.id, fate);
    Answer answer = about(lease_.id, FATES[uint8_t(fate)]);
    answer.reason = reason;
    answer.with_readback = true;
    answer.mode = executor.applied().mode;
    answer.power_w = executor.applied().power_w;
    answer.soc = read(SOC, now);
    tell(answer, now);
  }
  static Answer about(const OrderId &id, const char *status) {
    Answer answer;
    answer.id = id;
    answer.status = status;
    return answer;
  }
  void tell(const Answer &answer, const Moment &now) { ports_.say(Say::RESPONSE, answer_line(answer, now.epoch).c_str()); }

  void hear_executor(const Moment &now) {
    const Outcome outcome = executor.take_outcome();
    if (outcome.kind == Outcome::Kind::NOTHING) return;
    const bool of_lease = lease_.live && outcome.target.order == lease_.target.order;
    if (outcome.kind == Outcome::Kind::FAILED) {
      if (outcome.target.mode != Mode::SELF_USE) blocked_until_ms_[uint8_t(outcome.target.mode)] = now.ms + BLOCKED_MS;
      if (!of_lease) return;
      close_lease(Fate::FAILED, outcome.reason, now);
      lease_.live = false;
    } else if (of_lease && outcome.kind == Outcome::Kind::OVERRIDDEN) {
      close_lease(Fate::OVERRIDDEN, outcome.reason, now);
    } else if (of_lease && !lease_.confirmed) {
      lease_.confirmed = true;
      close_lease(Fate::CONFIRMED, decision_.limited, now);
    }
  }

  // ---- control

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
    if (lease_.live && now.ms >= lease_.until_ms) {
      if (!lease_.confirmed) close_lease(Fate::FAILED, "lease_over", now);
      lease_.live = false;
    }
    if (lease_.live && !lease_.confirmed && now.bus_ms - lease_.since_bus_ms >= GIVE_UP_MS) {
      close_lease(Fate::FAILED, decision_.state == State::SAFE ? "no_reading" : "not_done", now);
      lease_.live = false;
    }
    Inputs in;
    in.ms = now.ms;
    in.soc = read(SOC, now);
    in.battery_w = read(BATTERY_POWER, now);
    in.grid_w = read(GRID_POWER, now);
    in.grid_a = read(GRID_CURRENT, now);
    for (uint8_t mode = 0; mode < N_MODES; mode++) {
      in.offered[mode] = mode == uint8_t(Mode::SELF_USE) || executor.offers(Mode(mode));
      in.blocked[mode] = mode != uint8_t(Mode::SELF_USE) && (now.ms < blocked_until_ms_[mode] || spent(Mode(mode)));
    }
    if (lease_.live) {
      lease_.target.lease_s = uint32_t((lease_.until_ms - now.ms + 999) / 1000);
      in.remote = &lease_.target;
    }
    Target scheduled;
    if (settings.writable && schedule_.target_at(now.epoch, scheduled)) {
      scheduled.order = (now.epoch + scheduled.lease_s) / 60 & 0x3FFFFFFFu;  // the slot's end names it
      in.scheduled = &scheduled;
    }
    PriceClass price;
    const bool known = schedule_.class_at(now.epoch, price);
    if (settings.writable) in.rule = settings.rules.choose(known ? &price : nullptr, now.minute);
    in.rule.order = RULE_ORDER | uint32_t(in.rule.mode);
    in.rule.lease_s = 3600;
    const State before = decision_.state;
    decision_ = decide(in, settings.limits, decision_.latches);
    if (decision_.state != before) status_due_ = true;
    if (!settings.writable) decision_.target = Target();
    note_forced(decision_.target.mode != Mode::SELF_USE);
    executor.want(decision_.target);
  }

  void note_forced(bool now_forced) {
    const bool before = life_.forced != 0;
    const bool after = now_forced || (before && !executor.released());
    if (before == after) return;
    life_.forced = after;
    ports_.keep(Kept::LIFE, &life_, sizeof life_);
  }

  // ---- telemetry

  void learn_clock(const Moment &now) {
    if (now.epoch == 0 || clock_known_) return;
    clock_known_ = true;
    // The minute that is open now becomes the wall clock's minute, so that no two records share one.
    backlog.clock_known(now.epoch / MINUTE_S * MINUTE_S - uint32_t(now.ms / 1000) / MINUTE_S * MINUTE_S);
    minute_ = now.epoch / MINUTE_S;
    by_epoch_ = true;
    status_due_ = true;
  }

  void sample(const Moment &now) {
    const bool by_epoch = now.epoch != 0;
    const uint32_t at = by_epoch ? now.epoch : uint32_t(now.ms / 1000);
    if (!minute_begun_ || by_epoch != by_epoch_) minute_ = at / MINUTE_S;
    minute_begun_ = true;
    by_epoch_ = by_epoch;
    if (at / MINUTE_S != minute_) {
      Record record{};
      means_.close(record);
      record.when = minute_ * MINUTE_S + MINUTE_S - 1;
      record.setpoint_w = int16_t(setpoint_w());
      record.flags = uint8_t(uint8_t(decision_.state) | (by_epoch ? 0 : Record::NO_CLOCK));
      backlog.push(record);
      minute_ = at / MINUTE_S;
    }
    if (at / SAMPLE_S == sampled_) return;
    sampled_ = at / SAMPLE_S;
    float values[N_SENT];
    for (uint8_t i = 0; i < N_SENT; i++) values[i] = read(Quantity(i), now);
    means_.add(values);
    if (by_epoch && backlog.linked())
      ports_.say(Say::TELEMETRY, live_line(sampled_ * SAMPLE_S, SAMPLE_S, values, decision_.state, setpoint_w()).c_str());
  }

  void replay(const Moment &now) {
    Record record;
    uint32_t epoch;
    while (backlog.due(now.ms, record, epoch)) ports_.say(Say::TELEMETRY, record_line(record, epoch).c_str());
  }

  // ---- status and memory

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
    line.text("state", name(decision_.state)).whole("boot", life_.boot).whole("uptime_s", int64_t(now.ms / 1000));
    line.whole("next_seq", backlog.next_seq()).whole("acked", backlog.acked()).whole("oldest", backlog.oldest_owed());
    line.whole("lost", backlog.lost());
    line.whole("bus_ok", bus.ok()).whole("bus_failed", bus.failures());
    line.whole("flash_writes", guard.count().flash).whole("flash_budget", guard.flash_per_day).whole("ram_writes", guard.count().ram);
    line.text("fault", fault_now);
    ports_.say(Say::STATUS, line.c_str());
  }

  void remember(const Moment &now) {
    bool due = false;
    if (backlog.next_seq() + SEQ_STRIDE / 10 >= life_.seq_floor) {
      life_.seq_floor = backlog.next_seq() + SEQ_STRIDE;
      due = true;
    }
    if (now.ms - kept_ms_ >= KEEP_ACK_MS) {
      kept_ms_ = now.ms;
      due = due || life_.acked != backlog.acked();
      keep_day();
    }
    if (!due) return;
    life_.acked = backlog.acked();
    ports_.keep(Kept::LIFE, &life_, sizeof life_);
  }

  bool keep_day() { return ports_.keep(Kept::DAY, &guard.count(), sizeof(DayCount)); }

  Ports &ports_;
  Life life_;
  Inbox inbox_;
  Request request_;
  Lease lease_;
  Schedule schedule_;
  Decision decision_;
  Minute means_;
  uint64_t blocked_until_ms_[N_MODES]{};
  uint64_t status_ms_{0}, kept_ms_{0};
  uint32_t orders_{0}, minute_{0}, sampled_{0};
  bool clock_known_{false}, by_epoch_{false}, minute_begun_{false}, status_due_{true};
  const char *fault_told_{""};
};

}  // namespace dongle_core
