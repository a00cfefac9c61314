// What a dongle writes into an inverter's flash: within the day's budget, counted for good, and never without end.
#include "one_dongle.h"

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
