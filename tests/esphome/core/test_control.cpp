#include "check.h"
#include "controller.h"
#include "rules.h"
#include "steps.h"
#include "write_guard.h"

using namespace dongle_core;

struct Case {
  Inputs in;
  Limits lim;
  Latches latches;
  Target order;
  Case() {
    for (bool &offered : in.offered) offered = true;
    lim.max_charge_w = lim.max_discharge_w = 5000;
    in.soc = 50;
    in.battery_w = in.grid_w = 0;
  }
  Case &order_of(Mode mode, int32_t power_w = 0, uint8_t soc = 0) {
    order = {mode, power_w, soc, 600, 1, false};
    in.remote = &order;
    return *this;
  }
  Decision now() {
    const Decision decision = decide(in, lim, latches);
    latches = decision.latches;
    return decision;
  }
  bool is(Mode mode, int32_t power_w = 0, const char *limited = "") {
    const Decision decision = now();
    return decision.target.mode == mode && decision.target.power_w == power_w && std::string(decision.limited) == limited;
  }
};

TEST("the one who rules: blind nobody, then the lease, the schedule, the rules") {
  Case c;
  Target plan{Mode::HOLD, 0, 0, 60, 2, false};
  c.in.rule.mode = Mode::FEED_IN_FIRST;
  CHECK(c.now().state == State::RULES && c.is(Mode::FEED_IN_FIRST));
  c.in.scheduled = &plan;
  CHECK(c.now().state == State::SCHEDULE && c.is(Mode::HOLD));
  c.order_of(Mode::FORCE_CHARGE, 3000);
  CHECK(c.now().state == State::REMOTE && c.is(Mode::FORCE_CHARGE, 3000));
  c.in.soc = NAN;
  CHECK(c.now().state == State::SAFE && c.is(Mode::SELF_USE));
}

TEST("power keeps to what is allowed, and no number means all of it") {
  CHECK(Case().order_of(Mode::FORCE_CHARGE, 9000).is(Mode::FORCE_CHARGE, 5000, "max_power"));
  CHECK(Case().order_of(Mode::FORCE_DISCHARGE, MOST_ALLOWED).is(Mode::FORCE_DISCHARGE, 5000));
  CHECK(Case().order_of(Mode::FORCE_CHARGE, 0).is(Mode::FORCE_CHARGE, 0));
}

TEST("the reserve is kept in every state, with hysteresis") {
  for (int who = 0; who < 3; who++) {
    Case c;
    Target plan{Mode::FORCE_DISCHARGE, 2000, 0, 60, 2, false};
    c.in.rule = plan;
    if (who == 1) c.in.scheduled = &plan;
    if (who == 2) c.order_of(Mode::FORCE_DISCHARGE, 2000);
    c.lim.reserve_soc = 20;
    c.in.soc = 20.5f;
    CHECK(c.is(Mode::FORCE_DISCHARGE, 2000));
    c.in.soc = 20;
    CHECK(c.is(Mode::HOLD, 0, "reserve"));
    c.in.soc = 21.9f;
    CHECK(c.is(Mode::HOLD, 0, "reserve"));
    c.in.soc = 22;
    CHECK(c.is(Mode::FORCE_DISCHARGE, 2000));
    c.in.soc = 5;
    c.in.offered[uint8_t(Mode::HOLD)] = false;
    CHECK(c.is(Mode::SELF_USE, 0, "reserve"));
  }
}

TEST("charging ends at the goal and at the most, and begins again only below") {
  Case c;
  c.order_of(Mode::FORCE_CHARGE, 3000, 80);
  c.in.soc = 80;
  CHECK(c.is(Mode::HOLD, 0, "target_soc"));
  c.in.soc = 79;
  CHECK(c.is(Mode::HOLD, 0, "target_soc"));
  c.in.soc = 78;
  CHECK(c.is(Mode::FORCE_CHARGE, 3000));
  c.in.soc = 80;
  c.now();
  c.in.soc = 79;
  c.order.order = 9;  // a new order has its own goal
  CHECK(c.is(Mode::FORCE_CHARGE, 3000));
  c.order_of(Mode::FORCE_CHARGE, 3000);
  c.lim.max_soc = 90;
  c.in.soc = 90;
  CHECK(c.is(Mode::HOLD, 0, "max_soc"));
  c.order_of(Mode::FORCE_DISCHARGE, 3000, 40);
  c.in.soc = 40;
  CHECK(c.is(Mode::HOLD, 0, "target_soc"));
}

TEST("the main fuse leaves what it has left, from meter or clamp, and nothing when nobody measures") {
  Case c;
  c.order_of(Mode::FORCE_CHARGE, 5000);
  c.lim.max_import_w = 6000;
  c.in.grid_w = 3000;
  CHECK(c.is(Mode::FORCE_CHARGE, 2800, "fuse"));
  c.in.battery_w = 2800;
  c.in.grid_w = 5800;
  CHECK(c.is(Mode::FORCE_CHARGE, 2800, "fuse"));  // steady
  c.in.grid_a = 30;                               // 6900 W: the meter says less than the clamp
  CHECK(c.is(Mode::FORCE_CHARGE, 1700, "fuse"));
  c.in.battery_w = 0;
  c.in.grid_w = 7000;
  CHECK(c.is(Mode::HOLD, 0, "fuse"));
  c.in.grid_w = 5500;
  c.in.grid_a = NAN;
  CHECK(c.is(Mode::HOLD, 0, "fuse"));  // 300 W are not worth resuming
  c.in.grid_w = 5000;
  CHECK(c.is(Mode::FORCE_CHARGE, 800, "fuse"));
  c.in.grid_w = NAN;
  CHECK(c.is(Mode::HOLD, 0, "grid_unknown"));
  c.in.grid_a = 10;
  CHECK(c.is(Mode::FORCE_CHARGE, 3500, "fuse"));
  c.order_of(Mode::FORCE_DISCHARGE, 5000);
  c.in.grid_w = -1000;
  CHECK(c.is(Mode::FORCE_DISCHARGE, 5000));
  c.lim.max_export_w = 3680;
  CHECK(c.is(Mode::FORCE_DISCHARGE, 2480, "fuse"));
}

TEST("a ramp raises power step by step and lowers it at once") {
  Case c;
  c.lim.ramp_w_per_s = 100;
  c.order_of(Mode::FORCE_CHARGE, 3000);
  c.in.ms = 0;
  CHECK(c.is(Mode::FORCE_CHARGE, 0));
  c.in.ms = 10000;
  CHECK(c.is(Mode::FORCE_CHARGE, 1000));
  c.in.ms = 15000;
  CHECK(c.is(Mode::FORCE_CHARGE, 1500));
  c.order.power_w = 200;
  CHECK(c.is(Mode::FORCE_CHARGE, 200));
}

TEST("what the inverter cannot or may not do becomes self-use") {
  Case c;
  c.order_of(Mode::FORCE_CHARGE, 3000);
  c.in.blocked[uint8_t(Mode::FORCE_CHARGE)] = true;
  CHECK(c.is(Mode::SELF_USE, 0, "blocked"));
  Case d;
  d.order_of(Mode::FEED_IN_FIRST);
  d.in.offered[uint8_t(Mode::FEED_IN_FIRST)] = false;
  CHECK(d.is(Mode::SELF_USE, 0, "unsupported"));
}

TEST("rules: the price's class first, then the time of day also past midnight, then self-use") {
  Rules rules;
  rules.has_class[uint8_t(PriceClass::NEGATIVE)] = true;
  rules.by_class[uint8_t(PriceClass::NEGATIVE)].mode = Mode::FORCE_CHARGE;
  rules.times[rules.n_times++] = {23 * 60, 5 * 60, {Mode::FORCE_CHARGE, 2000, 80, 0, 0, false}};
  const PriceClass negative = PriceClass::NEGATIVE, normal = PriceClass::NORMAL;
  CHECK(rules.choose(&negative, 12 * 60).mode == Mode::FORCE_CHARGE);
  CHECK(rules.choose(&normal, 2 * 60).mode == Mode::SELF_USE);
  CHECK(rules.choose(nullptr, 23 * 60).mode == Mode::FORCE_CHARGE && rules.choose(nullptr, 0).power_w == 2000);
  CHECK(rules.choose(nullptr, 5 * 60).mode == Mode::SELF_USE && rules.choose(nullptr, -1).mode == Mode::SELF_USE);
}

TEST("the day's writes are counted by class, over reboots and clock changes, and self-use is always allowed") {
  WriteGuard guard;
  guard.flash_per_day = 3;
  guard.ram_per_day = 5;
  guard.roll(0, 1000);
  for (int i = 0; i < 3; i++) guard.wrote(WriteClass::FLASH);
  CHECK(!guard.allows(WriteClass::FLASH, false) && guard.allows(WriteClass::FLASH, true) && guard.allows(WriteClass::RAM, false));
  for (int i = 0; i < 3; i++) guard.wrote(WriteClass::FLASH);
  CHECK(!guard.allows(WriteClass::FLASH, true) && guard.allows(WriteClass::RAM, true));
  WriteGuard rebooted;
  rebooted.flash_per_day = 3;
  rebooted.restore(guard.count());
  rebooted.roll(0, 0);
  CHECK(!rebooted.allows(WriteClass::FLASH, false));
  rebooted.roll(20778u * 86400 + 5, 2000);  // the clock becomes known: the same day
  CHECK(!rebooted.allows(WriteClass::FLASH, false));
  rebooted.roll(20778u * 86400 - 5, 3000);  // back over midnight gives nothing
  rebooted.roll(20778u * 86400 + 5, 4000);
  CHECK(!rebooted.allows(WriteClass::FLASH, false));
  rebooted.roll(20779u * 86400, 5000);
  CHECK(rebooted.allows(WriteClass::FLASH, false));
  rebooted.wrote(WriteClass::FLASH);
  rebooted.roll(40000u * 86400, 6000);  // a clock far ahead
  for (int i = 0; i < 3; i++) rebooted.wrote(WriteClass::FLASH);
  rebooted.roll(20779u * 86400, 7000);  // put right: neither locked for ever nor refilled
  CHECK(!rebooted.allows(WriteClass::FLASH, false));
  rebooted.roll(20780u * 86400, 8000);
  CHECK(rebooted.allows(WriteClass::FLASH, false));
  WriteGuard clockless;
  clockless.flash_per_day = 1;
  clockless.wrote(WriteClass::FLASH);
  clockless.roll(0, 86399999);
  CHECK(!clockless.allows(WriteClass::FLASH, false));
  clockless.roll(0, 86400000);
  CHECK(clockless.allows(WriteClass::FLASH, false));
}

TEST("a number that does not fit its register is written as the most it holds, never as another one") {
  Target order;
  order.power_w = 40000;
  const auto written = [&](double scale, double lowest, double highest) {
    Value value;
    value.source = Source::POWER;
    value.scale = scale;
    value.lowest = lowest;
    value.highest = highest;
    uint16_t word = 0;
    CHECK(value.put(order, Facts(), &word));
    return int(word);
  };
  const double no_low = -2147483648.0, no_high = 4294967295.0;
  CHECK(written(-1, -32768, 32767) == 0x8000);  // as a signed register it would have been 25536 W the other way
  CHECK(written(-1, no_low, no_high) == 0x8000 && written(2, no_low, no_high) == 65535);
  CHECK(written(1, 0, 10000) == 10000 && written(1, no_low, no_high) == 40000);
}
