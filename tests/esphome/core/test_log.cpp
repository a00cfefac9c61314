#include <set>
#include "backlog.h"
#include "check.h"
#include "memory_flash.h"
#include "minute.h"

using namespace dongle_core;

static Record record(uint32_t seq) {
  Record made{};
  made.seq = seq;
  made.when = 1795219259 + 60 * seq;
  made.values[SOC] = int16_t(seq % 1000);
  return made;
}

TEST("a ring keeps the newest, finds by number, and survives many turns") {
  Record memory[5];
  Ring ring;
  ring.use(memory, 5);
  Record found;
  CHECK(!ring.find(0, found));
  for (uint32_t seq = 0; seq < 100000; seq += 1 + seq % 3) {
    ring.push(record(seq));
    CHECK(ring.size() <= 5);
    CHECK(ring.find(seq, found) && found.seq == seq);
    CHECK(!ring.find(seq + 1, found));
    CHECK(ring.oldest(found));
  }
  CHECK(ring.size() == 5);
}

TEST("a minute's mean leaves out what nobody read") {
  Minute minute;
  float values[N_SENT];
  for (float &value : values) value = NAN;
  for (int i = 0; i < 6; i++) {
    values[SOC] = 50 + float(i);
    values[GRID_POWER] = i == 2 ? 300.0f : NAN;
    minute.add(values);
  }
  Record made{};
  minute.close(made);
  CHECK(made.values[SOC] == 525);
  CHECK(made.values[GRID_POWER] == 300);
  CHECK(made.values[PV_POWER] == MISSING && std::isnan(restored(made.values[PV_POWER])));
  minute.close(made);
  CHECK(made.values[SOC] == MISSING);
}

TEST("the flash log keeps at least all sectors but one, in order, and wears them alike") {
  MemoryFlash flash(8);
  FlashLog log;
  CHECK(log.mount(&flash) && log.empty());
  for (uint32_t seq = 1; seq <= 20000; seq++) CHECK(log.append(record(seq)));
  FlashLog again;
  CHECK(again.mount(&flash) && again.newest() == 20000);
  CHECK(20000 - again.oldest() >= 7 * FlashLog::PAGES - 1);
  uint32_t seq = again.oldest();
  for (Record found; again.find(seq, found); seq++) CHECK(found.seq == seq && found.when == record(seq).when);
  CHECK(seq == 20001);
  const auto [least, most] = std::minmax_element(flash.erased.begin(), flash.erased.end());
  CHECK(*most - *least <= 1);
}

TEST("power cut at every byte of three sectors' writing: what was written before is there, what comes after follows") {
  for (long cut = 0; cut < 3 * 128 * 32 + 3 * 64; cut += 1) {
    MemoryFlash flash(3);
    FlashLog log;
    log.mount(&flash);
    flash.bytes_left = cut;
    uint32_t safe = 0;
    try {
      for (uint32_t seq = 1;; seq++) {
        log.append(record(seq));
        safe = seq;
      }
    } catch (const PowerCut &) {
    }
    flash.bytes_left = -1;
    FlashLog after;
    CHECK(after.mount(&flash));
    CHECK(safe == 0 || (!after.empty() && after.newest() >= safe));
    Record found;
    if (safe > 1) CHECK(after.find(safe, found) && found.seq == safe && found.when == record(safe).when);
    const uint32_t from = after.empty() ? 1 : after.newest() + 1;
    for (uint32_t seq = from; seq < from + 300; seq++) {
      CHECK(after.append(record(seq)));
      CHECK(after.find(seq, found) && found.seq == seq);
    }
    if (cut > 200) cut += 6;  // every byte of the first pages, then every seventh: all positions within a page come by
  }
}

TEST("a flash that holds garbage, or breaks, costs the log and nothing else") {
  MemoryFlash flash(4);
  for (size_t i = 0; i < flash.bytes.size(); i++) flash.bytes[i] = uint8_t(i * 131 + i / 7);
  FlashLog log;
  CHECK(log.mount(&flash) && log.empty());
  for (uint32_t seq = 1; seq < 400; seq++) CHECK(log.append(record(seq)));
  flash.broken = true;
  CHECK(!log.append(record(400)));
  flash.broken = false;
  CHECK(log.append(record(401)));
  Record found;
  CHECK(log.find(400, found) && found.seq == 401);
  FlashLog none;
  CHECK(!none.mount(nullptr) && !none.append(record(1)) && !none.find(0, found));
}

TEST("a record damaged later is left out and the rest is found") {
  MemoryFlash flash(3);
  FlashLog log;
  log.mount(&flash);
  for (uint32_t seq = 1; seq <= 200; seq++) log.append(record(seq));
  flash.bytes[100 * 32 + 3] ^= 0x10;
  FlashLog again;
  again.mount(&flash);
  std::set<uint32_t> seen;
  Record found;
  for (uint32_t seq = 0; again.find(seq, found); seq = found.seq + 1) seen.insert(found.seq);
  CHECK(seen.size() == 199 && seen.count(101) == 0);
}

struct Owed {
  std::vector<Record> memory;
  MemoryFlash flash{32};
  Backlog backlog;
  explicit Owed(size_t ring, bool with_flash) : memory(ring) {
    backlog.ring.use(memory.data(), ring);
    backlog.flash.mount(with_flash ? &flash : nullptr);
    backlog.begin(100, 0, 1);
    backlog.clock_known(1795219200);
  }
  std::vector<uint32_t> sent(uint64_t from_ms, uint64_t to_ms) {
    std::vector<uint32_t> seqs;
    Record found;
    uint32_t epoch;
    for (uint64_t ms = from_ms; ms < to_ms; ms += 100)
      while (backlog.due(ms, found, epoch)) seqs.push_back(found.seq);
    return seqs;
  }
};

TEST("records are owed until acknowledged, sent in order and paced, and again when nobody confirms") {
  Owed owed(1440, false);
  for (uint32_t i = 0; i < 20; i++) owed.backlog.push(record(0));
  CHECK(owed.sent(0, 10000).empty());  // no link
  owed.backlog.link(true, 10000);
  const auto first = owed.sent(10000, 20000);
  CHECK(first.size() == 20 && first.front() == 101 && first.back() == 120);
  CHECK(owed.sent(10000, 12000).size() <= 8);
  CHECK(owed.backlog.acknowledge(111, 20000));
  CHECK(!owed.backlog.acknowledge(105, 20001) && !owed.backlog.acknowledge(5000, 20001) && owed.backlog.acked() == 111);
  CHECK(owed.sent(21000, 300000).empty());
  const auto again = owed.sent(321000, 340000);
  CHECK(again.size() == 10 && again.front() == 111);
  owed.backlog.link(false, 341000);
  owed.backlog.link(true, 342000);
  CHECK(owed.sent(343000, 350000).size() == 10);
  CHECK(owed.backlog.acknowledge(121, 350000) && owed.backlog.lost() == 0);
  CHECK(owed.sent(350000, 900000).empty());
}

TEST("24 hours stay in RAM; the 25th hour is lost there, counted, and not lost with flash") {
  Owed ram(1440, false), both(1440, true);
  for (uint32_t i = 0; i < 1439; i++) ram.backlog.push(record(0));
  CHECK(ram.backlog.lost() == 0);
  for (uint32_t i = 0; i < 60; i++) ram.backlog.push(record(0));
  CHECK(ram.backlog.lost() == 60);
  for (uint32_t i = 0; i < 3900; i++) both.backlog.push(record(0));
  CHECK(both.backlog.lost() == 0);
  both.backlog.per_second = 1000;
  both.backlog.link(true, 0);
  const auto all = both.sent(0, 10000);
  CHECK(all.size() == 3900 && all.front() == 101 && all.back() == 4000);
}

TEST("minutes without a wall clock get their time when it is known, also after a power cut; those of a life that never knew it are counted") {
  MemoryFlash flash(8);
  std::vector<Record> memory(10);
  const auto minute_without_clock = [](uint32_t minute) {
    Record made{};
    made.when = minute * 60 + 59;
    made.flags = Record::NO_CLOCK;
    return made;
  };
  for (int boot = 1; boot <= 2; boot++) {
    Backlog life;
    life.ring.use(memory.data(), memory.size());
    life.flash.mount(&flash);
    life.begin(uint32_t(boot) * 100, 0, uint8_t(boot));
    life.push(minute_without_clock(0));
    life.push(minute_without_clock(1));
    if (boot == 2) life.clock_known(1795219200);
  }
  Backlog now;
  std::vector<Record> fresh(10);
  now.ring.use(fresh.data(), fresh.size());
  now.flash.mount(&flash);
  now.begin(300, 0, 3);
  now.link(true, 0);
  Record found;
  uint32_t epoch;
  CHECK(now.due(1000, found, epoch) && found.seq == 200 && epoch == 1795219259);
  CHECK(now.due(1000, found, epoch) && found.seq == 201 && epoch == 1795219319);
  CHECK(!now.due(1000, found, epoch) && now.lost() == 2);
}
