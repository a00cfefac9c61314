// What becomes of an order, from its line to its last answer: refused, or taken; the one that stands, for as long as its lease;
// the schedule, until another one comes.
#pragma once
#include "executor.h"
#include "inbox.h"
#include "lines.h"
#include "ports.h"
#include "settings.h"

namespace dongle_core {

class Orders {
 public:
  static constexpr uint32_t GIVE_UP_MS = 60000;   // an order not confirmed by then has failed
  static constexpr uint32_t BLOCKED_MS = 300000;  // a mode the inverter did not take is left alone for so long

  Orders(Ports &ports, const Settings &settings, const Readings &readings, const Executor &executor, const WriteGuard &guard)
      : ports_(ports), settings_(settings), readings_(readings), executor_(executor), guard_(guard) {}

  void begin() {
    ports_.kept(Kept::ORDERS, inbox_.newest, sizeof inbox_.newest);
    if (!ports_.kept(Kept::SCHEDULE, &schedule_, sizeof schedule_)) schedule_ = Schedule();
  }

  // False: refused. Answered it is in any case.
  bool take(const Request &request, const Moment &now) {
    Fate earlier;
    const char *reason = inbox_.judge(request, now.epoch, earlier);
    if (reason == nullptr) reason = refusal(request);
    if (reason != nullptr) {
      Answer answer = about(request.id, strcmp(reason, "expired") == 0 ? "expired" : FATES[uint8_t(earlier)]);
      answer.reason = reason;
      tell(answer, now);
      return false;
    }
    inbox_.took(request);
    ports_.keep(Kept::ORDERS, inbox_.newest, sizeof inbox_.newest);
    tell(about(request.id, "accepted"), now);
    if (request.kind == Request::Kind::SCHEDULE)
      take_schedule(request, now);
    else
      take_command(request, now);
    return true;
  }

  // What the inverter made of it; `limited` says which limit changed the order on its way there.
  void hear(const Outcome &outcome, const char *limited, const Moment &now) {
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
      close_lease(Fate::CONFIRMED, limited, now);
    }
  }

  // End the lease that is over, or that nothing came of.
  void lapse(State state, const Moment &now) {
    if (lease_.live && now.ms >= lease_.until_ms) {
      if (!lease_.confirmed) close_lease(Fate::FAILED, "lease_over", now);
      lease_.live = false;
    }
    if (lease_.live && !lease_.confirmed && now.bus_ms - lease_.since_bus_ms >= GIVE_UP_MS) {
      close_lease(Fate::FAILED, state == State::SAFE ? "no_reading" : "not_done", now);
      lease_.live = false;
    }
  }

  // What the order that stands wants for the rest of its lease; null: none stands.
  const Target *leased(const Moment &now) {
    if (!lease_.live) return nullptr;
    lease_.target.lease_s = uint32_t((lease_.until_ms - now.ms + 999) / 1000);
    return &lease_.target;
  }
  const Schedule &schedule() const { return schedule_; }
  // Whether the inverter just refused a mode, or has no writes left for it.
  bool blocked(Mode mode, const Moment &now) const { return mode != Mode::SELF_USE && (now.ms < blocked_until_ms_[uint8_t(mode)] || spent(mode)); }

 private:
  struct Lease {
    bool live{false}, confirmed{false};
    OrderId id;
    Target target;
    uint64_t until_ms{0};
    uint64_t since_bus_ms{0};
  };

  static constexpr uint32_t REMOTE_ORDER = 0x80000000u;

  const char *refusal(const Request &request) const {
    if (!settings_.writable) return "read_only";
    if (request.kind == Request::Kind::SCHEDULE) return nullptr;
    if (!executor_.offers(request.target.mode)) return "unsupported";
    return spent(request.target.mode) ? "budget" : nullptr;
  }
  bool spent(Mode mode) const {
    if (mode == Mode::SELF_USE || (executor_.sure() && mode == executor_.applied().mode)) return false;
    return !guard_.allows(WriteClass::RAM, false) || (executor_.wears_flash(mode) && !guard_.allows(WriteClass::FLASH, false));
  }
  void take_command(const Request &request, const Moment &now) {
    if (lease_.live && !lease_.confirmed) close_lease(Fate::FAILED, "superseded", now);
    lease_ = Lease();
    lease_.live = true;
    lease_.id = request.id;
    lease_.target = request.target;
    lease_.target.insist = true;
    lease_.target.order = REMOTE_ORDER | (++orders_ & 0x3FFFFFFFu);
    lease_.until_ms = now.ms + uint64_t(request.target.lease_s) * 1000;
    lease_.since_bus_ms = now.bus_ms;
    for (uint64_t &until : blocked_until_ms_) until = 0;  // whoever asks now may have mended it
  }
  void take_schedule(const Request &request, const Moment &now) {
    schedule_ = request.schedule;
    const bool kept = ports_.keep(Kept::SCHEDULE, &schedule_, sizeof schedule_);
    inbox_.became(request.id, kept ? Fate::CONFIRMED : Fate::FAILED);
    Answer answer = about(request.id, kept ? "confirmed" : "failed");
    if (!kept) answer.reason = "not_stored";
    tell(answer, now);
  }
  void close_lease(Fate fate, const char *reason, const Moment &now) {
    inbox_.became(lease_.id, fate);
    Answer answer = about(lease_.id, FATES[uint8_t(fate)]);
    answer.reason = reason;
    answer.with_readback = true;
    answer.mode = executor_.applied().mode;
    answer.power_w = executor_.applied().power_w;
    answer.soc = readings_.get(SOC, now.bus_ms, settings_.stale_ms);
    tell(answer, now);
  }
  static Answer about(const OrderId &id, const char *status) {
    Answer answer;
    answer.id = id;
    answer.status = status;
    return answer;
  }
  void tell(const Answer &answer, const Moment &now) { ports_.say(Say::RESPONSE, answer_line(answer, now.epoch).c_str()); }

  Ports &ports_;
  const Settings &settings_;
  const Readings &readings_;
  const Executor &executor_;
  const WriteGuard &guard_;
  Inbox inbox_;
  Lease lease_;
  Schedule schedule_;
  uint64_t blocked_until_ms_[N_MODES]{};
  uint32_t orders_{0};
};

}  // namespace dongle_core
