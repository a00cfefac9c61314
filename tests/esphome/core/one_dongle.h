// A dongle with everything around it that a test steers: bus, inverter, memory, clock.
#pragma once
#include <map>
#include "check.h"
#include "dongle.h"
#include "memory_flash.h"

using namespace dongle_core;

inline constexpr uint16_t WORK_MODE = 41000, TIMER_S = 44001, REMOTE = 44000, POWER = 44002;
inline constexpr uint32_t START = 1795219200;  // a midnight, UTC

struct Fox {
  std::map<uint16_t, uint16_t> registers;
  uint64_t armed_ms = 0;
  int flash_writes = 0;
  bool silent = false;
  bool stubborn = false;  // says yes to another work mode and keeps its own
  void run(uint64_t ms) {
    if (registers[REMOTE] && ms - armed_ms > registers[TIMER_S] * 1000u) registers[REMOTE] = 0;
  }
  BusAnswer answer(const BusRequest &request, uint64_t ms, uint16_t (&words)[Step::MAX_WORDS]) {
    if (silent) return BusAnswer::NONE;
    for (uint8_t i = 0; i < request.n; i++) {
      const uint16_t at = uint16_t(request.address + i);
      words[i] = registers[at];
      if (!request.write) continue;
      flash_writes += at == WORK_MODE;
      if (!stubborn || at != WORK_MODE) registers[at] = request.words[i];
      armed_ms = ms;
    }
    return BusAnswer::OK;
  }
};

struct Kit : Ports {
  std::map<Kept, std::string> memory;
  std::vector<std::pair<uint64_t, std::string>> told[3];
  uint64_t at_ms = 0;
  bool keeps = true;
  void say(Say what, const char *line) override { told[uint8_t(what)].push_back({at_ms, line}); }
  bool keep(Kept what, const void *data, size_t size) override {
    if (keeps) memory[what] = std::string(static_cast<const char *>(data), size);
    return keeps;
  }
  bool kept(Kept what, void *data, size_t size) override {
    if (memory[what].size() != size) return false;
    memcpy(data, memory[what].data(), size);
    return true;
  }
  int flash_writes() {
    DayCount day;
    return kept(Kept::DAY, &day, sizeof day) ? day.flash : 0;
  }
};

// One life of a dongle, from power on to power cut; kit, flash and inverter outlive it.
struct Life {
  Kit &kit;
  Fox &fox;
  std::vector<Record> ring{1440};
  Dongle dongle{kit};
  Uptime uptime;
  uint32_t millis;
  uint32_t epoch;
  bool clock = true;
  float soc = 50;

  Life(Kit &kit_, Fox &fox_, MemoryFlash *flash, uint32_t epoch_, uint32_t millis_ = 0) : kit(kit_), fox(fox_), millis(millis_), epoch(epoch_) {
    dongle.settings.writable = true;
    dongle.settings.limits.max_charge_w = dongle.settings.limits.max_discharge_w = 5000;
    step(Mode::SELF_USE, REMOTE, 6, number(0), true);
    step(Mode::SELF_USE, WORK_MODE, 6, number(0), true, WriteClass::FLASH);
    for (Mode mode : {Mode::FORCE_CHARGE, Mode::FORCE_DISCHARGE, Mode::HOLD}) {
      step(mode, WORK_MODE, 6, number(mode == Mode::FORCE_CHARGE ? 2 : 1), false, WriteClass::FLASH);
      step(mode, TIMER_S, 6, number(60), false);
      step(mode, REMOTE, 6, number(1), true);
      Value power = number(0);
      if (mode != Mode::HOLD) power.source = Source::POWER;
      power.scale = mode == Mode::FORCE_CHARGE ? -1 : 1;
      step(mode, POWER, 16, power, false, WriteClass::RAM, true);
    }
    dongle.backlog.ring.use(ring.data(), ring.size());
    dongle.begin(flash);
  }
  static Value number(double value) {
    Value made;
    made.number = value;
    return made;
  }
  void step(Mode mode, uint16_t address, uint8_t function, Value value, bool check, WriteClass kind = WriteClass::RAM, bool refresh = false) {
    Step made;
    made.address = address;
    made.function = function;
    made.kind = kind;
    made.check = check;
    made.refresh = refresh;
    made.values.push_back(value);
    dongle.executor.add_step(mode, made);
  }
  Moment now() {
    Moment moment;
    moment.ms = moment.bus_ms = uptime.at(millis);
    moment.epoch = clock ? epoch : 0;
    return moment;
  }
  void second() {
    millis += 1000;
    epoch++;
    const Moment moment = now();
    kit.at_ms = uint64_t(epoch) * 1000;
    fox.run(moment.ms);
    if (!fox.silent && epoch % 5 == 0) {
      dongle.readings.put(SOC, soc, moment.bus_ms);
      dongle.readings.put(BATTERY_POWER, 0, moment.bus_ms);
    }
    dongle.tick(moment);
    BusRequest request;
    for (int i = 0; i < 8 && dongle.bus_next(moment, request); i++) {
      if (kit.keeps && request.write && request.address == WORK_MODE) CHECK(kit.flash_writes() == dongle.guard.count().flash);
      uint16_t words[Step::MAX_WORDS]{};
      const BusAnswer answer = fox.answer(request, moment.ms, words);
      dongle.bus_done(answer, words, request.n, moment);
    }
  }
  void run(uint32_t seconds) {
    for (uint32_t i = 0; i < seconds; i++) second();
  }
  void link(bool up) { dongle.link(up, now()); }
  void order(const std::string &id, const std::string &rest, uint32_t lease_s = 600) {
    char line[300];
    snprintf(line, sizeof line, R"({"v":1,"id":"%s","issued":%u,"expires":%u,"lease_s":%u,%s})", id.c_str(), unsigned(epoch), unsigned(epoch + 60), unsigned(lease_s), rest.c_str());
    dongle.request(line, now());
  }
  void plan(const std::string &id, uint32_t start, const std::string &plan) {
    char line[300];
    snprintf(line, sizeof line, R"({"v":1,"id":"%s","issued":%u,"expires":%u,"start":%u,"step_s":900,"plan":"%s"})", id.c_str(), unsigned(epoch), unsigned(epoch + 60), unsigned(start), plan.c_str());
    dongle.request(line, now());
  }
};

inline double field(const std::string &line, const char *key) {
  FlatJson json;
  double value = -1;
  CHECK(json.parse(line));
  json.number(key, value);
  return value;
}
inline bool holds(const std::string &line, const char *part) { return line.find(part) != std::string::npos; }
