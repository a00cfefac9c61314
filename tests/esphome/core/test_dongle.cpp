// The whole dongle against a simulated inverter, second by second: a day's outage, an optimizer that goes away, power cuts in every state.
#include <map>
#include <set>
#include "check.h"
#include "dongle.h"
#include "memory_flash.h"

using namespace dongle_core;

static constexpr uint16_t WORK_MODE = 41000, TIMER_S = 44001, REMOTE = 44000, POWER = 44002;
static constexpr uint32_t START = 1795219200;  // a midnight, UTC

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

static double field(const std::string &line, const char *key) {
  FlatJson json;
  double value = -1;
  CHECK(json.parse(line));
  json.number(key, value);
  return value;
}
static bool holds(const std::string &line, const char *part) { return line.find(part) != std::string::npos; }

TEST("a day without a link: nothing lost, nothing doubled, in order, and live samples never wait") {
  Kit kit;
  Fox fox;
  MemoryFlash flash(32);
  Life life(kit, fox, &flash, START, 0xFFF00000u);  // the 32-bit clock wraps on the way
  life.run(86400);
  CHECK(kit.told[0].empty());
  life.link(true);
  uint64_t acked = 0, last_live_ms = 0;
  std::vector<uint32_t> seqs;
  std::set<double> times;
  for (int i = 0; i < 3600; i++) {
    const size_t before = kit.told[0].size();
    life.second();
    for (size_t line = before; line < kit.told[0].size(); line++) {
      const std::string &text = kit.told[0][line].second;
      CHECK(times.insert(field(text, "ts")).second);
      if (!holds(text, "\"seq\"")) {
        CHECK(double(life.epoch) - field(text, "ts") < 1.5);
        CHECK(last_live_ms == 0 || kit.at_ms - last_live_ms == 10000);
        last_live_ms = kit.at_ms;
      } else {
        seqs.push_back(uint32_t(field(text, "seq")));
      }
    }
    if (i % 30 == 0 && !seqs.empty()) {
      acked = seqs.back() + 1;
      life.dongle.request("{\"v\":1,\"ack\":" + std::to_string(acked) + "}", life.now());
    }
  }
  CHECK(seqs.size() == 1440 + 60);
  for (size_t i = 1; i < seqs.size(); i++) CHECK(seqs[i] == seqs[i - 1] + 1);
  CHECK(life.dongle.backlog.lost() == 0 && life.dongle.backlog.acked() == acked);
}

TEST("the optimizer goes away: lease, then schedule, then rules and self-use, each at its time; back at once") {
  Kit kit;
  Fox fox;
  Life life(kit, fox, nullptr, START);
  life.link(true);
  life.run(10);
  life.plan("plan", START, "c2000*2,d1000*2");
  life.order("order", R"("mode":"force_discharge","power":3000)", 300);
  life.run(5);
  CHECK(life.dongle.state() == State::REMOTE && fox.registers[POWER] == 3000 && fox.registers[REMOTE] == 1);
  life.link(false);
  life.run(290);
  CHECK(life.dongle.state() == State::REMOTE && fox.registers[REMOTE] == 1);
  life.run(10);
  CHECK(life.dongle.state() == State::SCHEDULE && fox.registers[POWER] == uint16_t(-2000) && fox.registers[WORK_MODE] == 2);
  life.run(1490);
  CHECK(fox.registers[POWER] == 1000 && fox.registers[REMOTE] == 1);
  life.run(1800);
  CHECK(life.dongle.state() == State::RULES && fox.registers[REMOTE] == 0 && fox.registers[WORK_MODE] == 0);
  life.link(true);
  life.order("back", R"("mode":"force_charge","power":500)");
  life.run(2);
  CHECK(life.dongle.state() == State::REMOTE && fox.registers[POWER] == uint16_t(-500));
}

TEST("power cut in each state: no order is carried on, the schedule is, and what was forced is taken back") {
  for (int state = 0; state < 4; state++) {
    Kit kit;
    Fox fox;
    MemoryFlash flash(32);
    uint32_t epoch = START;
    {
      Life life(kit, fox, &flash, epoch);
      life.link(true);
      life.run(10);
      if (state == 2) life.plan("plan", START, "c2000*8");
      if (state >= 1 && state != 2 && state != 3) life.order("order", R"("mode":"force_charge","power":3000)", 3600);
      life.run(5);
      if (state == 3) {
        life.order("order", R"("mode":"force_charge","power":3000)", 3600);
        life.run(3);
        fox.silent = true;
        life.run(90);
        CHECK(life.dongle.state() == State::SAFE);
        fox.silent = false;
        fox.registers[REMOTE] = 1;  // its timer was long
      }
      CHECK((fox.registers[REMOTE] == 1) == (state != 0));
      epoch = life.epoch;
    }
    Life after(kit, fox, &flash, epoch);
    after.clock = false;
    after.link(true);
    after.run(20);
    CHECK(after.dongle.state() == State::RULES && fox.registers[REMOTE] == 0);
    after.clock = true;
    after.run(5);
    CHECK((after.dongle.state() == State::SCHEDULE) == (state == 2) && (fox.registers[REMOTE] == 1) == (state == 2));
    const size_t before = kit.told[2].size();
    if (state == 1) {
      after.dongle.request(R"({"v":1,"id":"order","issued":1795219210,"expires":1795219999,"lease_s":3600,"mode":"force_charge"})", after.now());
      CHECK(kit.told[2].size() == before + 1 && holds(kit.told[2].back().second, "replayed") && fox.registers[REMOTE] == 0);
    }
  }
}

TEST("a mode somebody else chose is left alone at boot") {
  Kit kit;
  Fox fox;
  fox.registers[REMOTE] = 1;
  fox.registers[TIMER_S] = 60000;
  Life life(kit, fox, nullptr, START);
  life.run(300);
  CHECK(fox.registers[REMOTE] == 1 && fox.flash_writes == 0);
}

TEST("read only means no register is ever written, whatever is asked") {
  Kit kit;
  Fox fox;
  Life life(kit, fox, nullptr, START);
  life.dongle.settings.writable = false;
  life.link(true);
  life.run(10);
  life.plan("plan", START, "c2000*8");
  life.order("order", R"("mode":"force_charge","power":3000)");
  life.run(100);
  CHECK(fox.registers[REMOTE] == 0 && fox.armed_ms == 0);
  CHECK(kit.told[2].size() == 2 && holds(kit.told[2][0].second, "read_only") && holds(kit.told[2][1].second, "read_only"));
}

TEST("flash-class writes stay within the day's budget over a day of restless orders and reboots, and self-use stays possible") {
  Kit kit;
  Fox fox;
  uint32_t epoch = START;
  int refused = 0;
  for (int life_no = 0; life_no < 12; life_no++) {
    Life life(kit, fox, nullptr, epoch);
    life.link(true);
    life.run(10);
    for (int i = 0; i < 20; i++) {
      life.order("o" + std::to_string(life_no * 100 + i), i % 2 ? R"("mode":"force_charge","power":2000)" : R"("mode":"hold")", 300);
      life.run(300);
    }
    life.run(600);
    CHECK(fox.registers[REMOTE] == 0);
    epoch = life.epoch;
  }
  for (const auto &[at, line] : kit.told[2]) refused += holds(line, "\"budget\"");
  CHECK(refused > 100);
  CHECK(fox.flash_writes <= 30 + 1);  // and the way back to self-use
}

TEST("no flash-class write that could not be counted for good beforehand; back to self-use all the same") {
  Kit kit;
  Fox fox;
  Life life(kit, fox, nullptr, START);
  life.link(true);
  life.run(10);
  kit.keeps = false;
  life.order("uncounted", R"("mode":"force_charge","power":2000)");
  life.run(30);
  CHECK(fox.flash_writes == 0 && fox.registers[REMOTE] == 0 && holds(kit.told[2].back().second, "not_stored"));
  kit.keeps = true;
  life.run(310);
  life.order("counted", R"("mode":"force_charge","power":2000)", 60);
  life.run(30);
  CHECK(fox.registers[WORK_MODE] == 2 && fox.registers[REMOTE] == 1);
  kit.keeps = false;
  life.run(90);
  CHECK(fox.registers[WORK_MODE] == 0 && fox.registers[REMOTE] == 0);
}

TEST("a dongle that has lost its memory takes the day's flash-class writes for spent, a new one does not") {
  Kit kit;
  Fox fox;
  MemoryFlash flash(32);
  uint32_t epoch = START;
  for (const char *lost : {"", "the count", "everything"}) {
    if (*lost == 't') kit.memory.erase(Kept::DAY);
    if (*lost == 'e') kit.memory.clear();
    Life life(kit, fox, &flash, epoch);
    life.link(true);
    life.run(70);
    life.order(std::string("today") + *lost, R"("mode":"force_charge","power":2000)", 60);
    life.run(100);
    CHECK((life.dongle.guard.count().flash == 30) == (*lost != 0) && holds(kit.told[2].back().second, "\"budget\"") == (*lost != 0));
    CHECK(fox.registers[WORK_MODE] == 0);
    life.epoch += 86400;
    life.run(10);
    life.order(std::string("tomorrow") + *lost, R"("mode":"force_charge","power":2000)", 60);
    life.run(10);
    CHECK(fox.registers[WORK_MODE] == 2);
    life.run(100);
    epoch = life.epoch;
  }
}

TEST("after a question without an answer nothing is believed until the bus was silent for long enough") {
  LinkWatch bus;
  bus.sent(0);
  bus.answered(100);
  CHECK(!bus.in_doubt(850));
  bus.sent(1000);
  CHECK(!bus.in_doubt(1890) && bus.in_doubt(1900));
  bus.sent(2000);
  bus.answered(2300);  // the late one: what follows belongs to the question before, each time
  bus.sent(2350);
  bus.answered(2400);
  CHECK(bus.in_doubt(4399) && !bus.in_doubt(4400) && !bus.in_doubt(9000));
  bus.sent(9000);
  bus.answered(9080);
  CHECK(!bus.in_doubt(9080) && bus.failures() == 1 && bus.ok() == 4);
  bus.sent(20000);
  CHECK(bus.in_doubt(21000) && !bus.in_doubt(22000));  // nothing came at all
}

TEST("readings in doubt are left out, an order is told all the same, and read back when answers are sure again") {
  Kit kit;
  Fox fox;
  Life life(kit, fox, nullptr, START);
  life.link(true);
  life.run(10);
  const Moment doubtful = life.now();
  life.dongle.bus.sent(doubtful.bus_ms - 1500);
  CHECK(life.dongle.hush(doubtful));
  life.dongle.heard(SOC, 11, doubtful);
  CHECK(life.dongle.reading(SOC, doubtful) == 50);
  life.order("now", R"("mode":"force_charge","power":2000)");
  BusRequest request;
  const uint16_t of_another = 2, differs = 0;
  CHECK(life.dongle.bus_next(doubtful, request) && !request.write && request.address == WORK_MODE && !life.dongle.hush(doubtful));
  life.dongle.bus_done(BusAnswer::OK, &of_another, 1, doubtful);  // another question's answer, that says what we want to hear
  CHECK(life.dongle.bus_next(doubtful, request) && !request.write && request.address == WORK_MODE);
  life.dongle.bus_done(BusAnswer::OK, &differs, 1, doubtful);
  CHECK(life.dongle.bus_next(doubtful, request) && request.write && request.address == WORK_MODE);
  for (int i = 0; i < 3; i++) {
    life.dongle.bus_done(BusAnswer::OK, nullptr, 0, doubtful);
    CHECK(life.dongle.bus_next(doubtful, request) && request.write == (i < 2));
  }
  for (int i = 0; i < 2; i++) {  // reading back, twice
    CHECK(!request.write && request.address == REMOTE && !life.dongle.hush(doubtful));
    life.dongle.bus_done(BusAnswer::OK, &differs, 1, doubtful);
    CHECK(life.dongle.bus_next(doubtful, request) == (i == 0));
  }
  CHECK(life.dongle.hush(doubtful));  // it seems not to be taken: that is looked at when answers are sure again
  fox.registers = {{WORK_MODE, 2}, {TIMER_S, 60}, {REMOTE, 1}};
  life.run(2);
  CHECK(holds(kit.told[2].back().second, "\"confirmed\""));
}

TEST("an inverter that does not take self-use is not told so without end") {
  Kit kit;
  Fox fox;
  Life life(kit, fox, nullptr, START + 60);
  life.link(true);
  life.run(10);
  life.order("on", R"("mode":"force_charge","power":2000)", 60);
  life.run(10);
  CHECK(fox.registers[WORK_MODE] == 2);
  fox.stubborn = true;
  life.run(86000);
  CHECK(fox.flash_writes == 60);
}

TEST("an inverter that is silent, refuses or forgets is noticed, and an order not carried out is said to have failed") {
  Kit kit;
  Fox fox;
  Life life(kit, fox, nullptr, START);
  life.link(true);
  life.run(10);
  fox.silent = true;
  life.order("unheard", R"("mode":"force_charge","power":2000)");
  life.run(30);
  CHECK(holds(kit.told[2].back().second, "\"failed\"") && holds(kit.told[2].back().second, "no_answer"));
  fox.silent = false;
  life.run(400);
  life.order("heard", R"("mode":"force_charge","power":2000)", 3600);
  life.run(5);
  CHECK(holds(kit.told[2].back().second, "\"confirmed\""));
  for (int i = 0; i < 3; i++) life.dongle.bus.failed();
  fox.registers[REMOTE] = 0;  // it rebooted
  life.run(30);
  CHECK(fox.registers[REMOTE] == 1 && life.dongle.bus.outages() == 1);
  fox.registers[REMOTE] = 0;  // a person did that
  life.run(60);
  CHECK(fox.registers[REMOTE] == 0 && holds(kit.told[2].back().second, "overridden"));
}
