// The whole dongle against a simulated inverter, second by second: a day's outage, an optimizer that goes away, power cuts in every state.
#include <set>
#include "one_dongle.h"

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

TEST("after a question without an answer nothing is believed until the bus was silent for long enough") {
  LinkWatch bus;
  bus.sent(0);
  bus.answered(100);
  CHECK(!bus.in_doubt(850));
  bus.sent(1000);
  CHECK(!bus.in_doubt(1719) && bus.in_doubt(1720));
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

TEST("a damaged frame costs an order its time-out, not the silence after it as well") {
  Kit kit;
  Fox fox;
  Life life(kit, fox, nullptr, START);
  life.link(true);
  life.run(10);
  const Moment doubtful = life.now();
  life.order("now", R"("mode":"force_charge","power":2000)");
  BusRequest request;
  int sent = 0, lost = 0;
  for (uint16_t words[Step::MAX_WORDS]{}; life.dongle.bus_next(doubtful, request); sent++) {
    CHECK(!life.dongle.hush(doubtful));
    const bool first = lost == 0 && (request.write ? request.address == REMOTE : request.address == WORK_MODE);
    const bool second = lost == 1 && !request.write && request.address == REMOTE;
    const BusAnswer answer = first || second ? BusAnswer::NONE : fox.answer(request, doubtful.ms, words);
    if (first || second) lost++, life.dongle.bus.sent(doubtful.bus_ms - 1000);  // and so in doubt from here on
    life.dongle.bus_done(answer, words, request.n, doubtful);
  }
  CHECK(lost == 2 && fox.registers[REMOTE] == 1 && sent > 8);
  CHECK(holds(kit.told[2].back().second, "\"confirmed\""));
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
