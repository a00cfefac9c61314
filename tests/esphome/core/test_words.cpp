#include <random>
#include "check.h"
#include "inbox.h"
#include "lines.h"
#include "minute.h"
#include "moment.h"
#include "readings.h"

using namespace dongle_core;

static const char *COMMAND =
    R"({"v":1,"id":"d-20261125-1430-7f3a","issued":1795219200,"expires":1795219260,"lease_s":600,"mode":"force_charge","power":3000,"target_soc":95})";
static const char *SCHEDULE =
    R"({"v":1,"id":"s.1","issued":1795219200,"expires":1795219260,"start":1795219200,"step_s":1800,"plan":"s*12,c3000*4,h*8,d*2,f","classes":"n*20,c*4,e*2,-"})";

static Request read(std::string_view line) {
  Request request;
  request.read(line);
  return request;
}
static std::string with(std::string line, const std::string &old, const std::string &by) { return line.replace(line.find(old), old.size(), by); }

TEST("a command is read whole") {
  const Request is = read(COMMAND);
  CHECK(is.kind == Request::Kind::COMMAND && std::string(is.id.text) == "d-20261125-1430-7f3a");
  CHECK(is.issued == 1795219200 && is.expires == 1795219260 && is.target.lease_s == 600);
  CHECK(is.target.mode == Mode::FORCE_CHARGE && is.target.power_w == 3000 && is.target.target_soc == 95);
  CHECK(read(with(COMMAND, ",\"power\":3000", "")).target.power_w == MOST_ALLOWED);
  CHECK(read(with(COMMAND, "{", "{ \"later\":\"\\u00e5\\\"\", \"x\":-1.5e3,\"y\":null,\"z\":true,")).kind == Request::Kind::COMMAND);
}

TEST("what is not a command is malformed, and keeps its id where it has one") {
  const std::string good = COMMAND;
  for (const auto &[old, by] : std::vector<std::pair<std::string, std::string>>{
           {"\"v\":1", "\"v\":2"}, {"600", "0"}, {"600", "86401"}, {"600", "\"600\""}, {"force_charge", "charge"}, {"3000", "-1"}, {"3000", "1e9"},
           {":95", ":101"}, {":95", ":0"}, {"1795219260", "1795219199"}, {"1795219200", "1.5"}, {"force_charge", "hold"}, {"95}", "95}}"}, {"95}", "95,}"},
           {"\"v\":1", "\"v\":1,\"v\":1"}, {"3000", "03000"}, {"3000", "+3000"}, {"3000", ".5"}, {"3000", "3."}, {"3000", "NaN"}, {"3000", "[3]"}, {"3000", "{}"}}) {
    const Request is = read(with(good, old, by));
    CHECK(is.kind == Request::Kind::MALFORMED);
  }
  CHECK(std::string(read(with(good, "600", "0")).id.text) == "d-20261125-1430-7f3a");
  CHECK(read(with(good, "d-20261125-1430-7f3a", "no spaces")).kind == Request::Kind::MALFORMED);
  CHECK(read(with(good, "d-20261125-1430-7f3a", "")).kind == Request::Kind::MALFORMED);
  CHECK(read(with(good, "d-20261125-1430-7f3a", std::string(64, 'a'))).kind == Request::Kind::MALFORMED);
  CHECK(read(with(good, "d-20261125-1430-7f3a", std::string(63, 'a'))).kind == Request::Kind::COMMAND);
  CHECK(read("").kind == Request::Kind::MALFORMED && read("{}").kind == Request::Kind::MALFORMED && read("[]").kind == Request::Kind::MALFORMED);
  CHECK(read(std::string(3000, ' ') + good).kind == Request::Kind::MALFORMED);
}

TEST("an acknowledgement is read, also at the end of its range") {
  CHECK(read(R"({"v":1,"ack":8124})").acknowledged == 8124);
  CHECK(read(R"({"v":1,"ack":4294967295})").acknowledged == UINT32_MAX);
  CHECK(read(R"({"v":1,"ack":4294967296})").kind == Request::Kind::MALFORMED);
  CHECK(read(R"({"v":1,"ack":-1})").kind == Request::Kind::MALFORMED);
}

TEST("a schedule is read run by run, up to 48 hours") {
  const Request is = read(SCHEDULE);
  CHECK(is.kind == Request::Kind::SCHEDULE && is.schedule.planned == 27 && is.schedule.classed == 27);
  Target target;
  CHECK(is.schedule.target_at(1795219200, target) && target.mode == Mode::SELF_USE && target.lease_s == 1800);
  CHECK(is.schedule.target_at(1795219200 + 12 * 1800, target) && target.mode == Mode::FORCE_CHARGE && target.power_w == 3000);
  CHECK(is.schedule.target_at(1795219200 + 24 * 1800 + 1799, target) && target.mode == Mode::FORCE_DISCHARGE && target.power_w == MOST_ALLOWED && target.lease_s == 1);
  CHECK(!is.schedule.target_at(1795219199, target) && !is.schedule.target_at(1795219200 + 27 * 1800, target) && !is.schedule.target_at(0, target));
  PriceClass price;
  CHECK(is.schedule.class_at(1795219200 + 20 * 1800, price) && price == PriceClass::CHEAP);
  const std::string good = SCHEDULE;
  for (const char *plan : {"", "s*", "s*0", "x", "s12", "c-1", "c70000", "s,,s", "s,", "c3000*193", "s*97", "s *2", "c3000*4*4"})
    CHECK(read(with(good, "s*12,c3000*4,h*8,d*2,f", plan)).kind == Request::Kind::MALFORMED);
  CHECK(read(with(with(good, "s*12,c3000*4,h*8,d*2,f", "s*192"), "1800", "900")).kind == Request::Kind::SCHEDULE);
  CHECK(read(with(good, "1800", "1000")).kind == Request::Kind::MALFORMED);
  CHECK(read(with(good, "n*20", "q*20")).kind == Request::Kind::MALFORMED);
}

TEST("random and mutated lines never do more than be refused") {
  std::mt19937 random(7);
  const std::vector<std::string> seeds = {COMMAND, SCHEDULE, R"({"v":1,"ack":8124})"};
  int taken = 0;
  for (int round = 0; round < 60000; round++) {
    std::string line = seeds[random() % seeds.size()];
    for (unsigned change = random() % 6; change-- > 0;) {
      const size_t at = random() % (line.size() + 1);
      switch (random() % 5) {
        case 0: line.insert(at, 1, char(random())); break;
        case 1: line.erase(at, random() % 9); break;
        case 2: if (at < line.size()) line[at] = char(random()); break;
        case 3: line.insert(at, line.substr(0, random() % (line.size() + 1))); break;
        default: line.resize(at);
      }
    }
    std::vector<char> exact(line.begin(), line.end());  // no byte to spare: the sanitizer sees a read beyond the end
    taken += read(std::string_view(exact.data(), exact.size())).kind != Request::Kind::MALFORMED;
  }
  CHECK(taken > 100 && taken < 60000);
  for (int round = 0; round < 60000; round++) {
    std::vector<char> noise(random() % 200);
    for (char &byte : noise) byte = "{}[]\",:\\u0123eE+-.tfn v1id"[random() % 27];
    CHECK(read(std::string_view(noise.data(), noise.size())).kind == Request::Kind::MALFORMED || noise.size() > 10);
  }
}

TEST("an order is taken once, in time, and never older than the newest") {
  Inbox inbox;
  Fate earlier;
  const Request is = read(COMMAND);
  const auto why = [&](const Request &request, uint32_t epoch) {
    const char *reason = inbox.judge(request, epoch, earlier);
    return std::string(reason ? reason : "");
  };
  CHECK(why(is, 0) == "no_clock");
  CHECK(why(is, 1795219261) == "expired");
  CHECK(why(is, 1795218000) == "malformed");
  CHECK(why(is, 1795219205).empty());
  inbox.took(is);
  inbox.became(is.id, Fate::CONFIRMED);
  CHECK(why(is, 1795219206) == "replayed" && earlier == Fate::CONFIRMED);
  CHECK(why(read(with(with(COMMAND, "7f3a", "7f3b"), "1795219200", "1795219199")), 1795219206) == "stale");
  CHECK(why(read(SCHEDULE), 1795219206).empty());  // schedules have an order of their own
  Inbox rebooted;
  rebooted.newest[0] = inbox.newest[0];
  CHECK(std::string(rebooted.judge(is, 1795219206, earlier)) == "replayed" && earlier == Fate::NONE);
}

TEST("lines are the contract's") {
  float values[N_SENT] = {55.1f, -1500, 51.2f, -29.1f, 24.5f, 320, 1800, 620};
  CHECK(std::string(live_line(1795219200, 10, values, State::REMOTE, -1500).c_str()) ==
        R"({"v":1,"ts":1795219200,"span_s":10,"battery.soc":55.1,"battery.power":-1500,"battery.voltage":51.2,"battery.current":-29.1,)"
        R"("battery.temperature":24.5,"grid.power":320,"pv.power":1800,"load.power":620,"state":"remote","setpoint":-1500})");
  for (float &value : values) value = NAN;
  values[GRID_POWER] = -0.2f;
  CHECK(std::string(live_line(10, 10, values, State::SAFE, MISSING).c_str()) == R"({"v":1,"ts":10,"span_s":10,"grid.power":0,"state":"safe"})");
  Minute minute;
  const float measured[N_SENT] = {55, -1490, NAN, NAN, NAN, 315, 1804, NAN};
  minute.add(measured);
  Record record{};
  minute.close(record);
  record.seq = 8123;
  record.setpoint_w = MISSING;
  record.flags = uint8_t(State::RULES);
  CHECK(std::string(record_line(record, 1795219259).c_str()) ==
        R"({"v":1,"ts":1795219259,"span_s":60,"seq":8123,"battery.soc":55.0,"battery.power":-1490,"grid.power":315,"pv.power":1804,"state":"rules"})");
  Answer accepted;
  accepted.id.set("d-20261125-1430-7f3a");
  accepted.status = "accepted";
  CHECK(std::string(answer_line(accepted, 1795219200).c_str()) == R"({"v":1,"id":"d-20261125-1430-7f3a","ts":1795219200,"status":"accepted"})");
  Answer answer;
  answer.id.set("a");
  answer.status = "failed";
  answer.reason = "no_answer";
  answer.with_readback = true;
  CHECK(std::string(answer_line(answer, 5).c_str()) == R"({"v":1,"id":"a","ts":5,"status":"failed","reason":"no_answer","mode":"self_use"})");
}

TEST("what cannot be true is not read: 255 %, 0xFFFF, NaN, jumps") {
  Readings readings;
  CHECK(readings.put(SOC, 50, 0));
  for (float soc : {255.0f, 65535.0f, -1.0f, 100.1f, float(NAN), float(INFINITY)}) CHECK(!readings.put(SOC, soc, 1));
  CHECK(!readings.put(BATTERY_VOLTAGE, 6553.5f, 1) && !readings.put(BATTERY_VOLTAGE, 655.35f, 1) && !readings.put(BATTERY_VOLTAGE, 0, 1));
  CHECK(readings.put(BATTERY_VOLTAGE, 655.0f, 1) && !readings.put(GRID_POWER, 65535, 1) && !readings.put(BATTERY_TEMPERATURE, 3276.7f, 1));
  CHECK(!readings.put(SOC, 90, 1000) && readings.get(SOC, 1000, 60000) == 50);  // a jump is doubted,
  CHECK(readings.put(SOC, 91, 2000) && readings.get(SOC, 2000, 60000) == 91);   // and believed when it stays
  CHECK(!readings.put(SOC, 10, 3000) && readings.put(SOC, 92, 4000) && !readings.put(SOC, 10, 5000));
  CHECK(std::isnan(readings.get(SOC, 64001, 60000)) && readings.put(SOC, 10, 200000));
}

TEST("uptime goes on over the wrap of a 32-bit clock, twice") {
  Uptime uptime;
  uint32_t millis = 0xFFFFF000u;
  uint64_t expected = 0;
  CHECK(uptime.at(millis) == 0);
  for (int i = 0; i < 5000; i++) {
    millis += 2000000;
    expected += 2000000;
    CHECK(uptime.at(millis) == expected);
  }
}
