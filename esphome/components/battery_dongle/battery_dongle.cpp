#include "battery_dongle.h"
#include <cinttypes>
#include <new>
#include "esphome/core/application.h"
#include "esphome/core/helpers.h"
#include "esphome/core/log.h"

namespace esphome::battery_dongle {

using namespace dongle_core;
static const char *const TAG = "battery_dongle";
static constexpr uint32_t KEY = 0xBA77D000u;  // of its preferences; never changed, or devices forget

void BatteryDongle::setup() {
  while (records_ >= 60 && !(ring_ = std::unique_ptr<Record[]>(new (std::nothrow) Record[records_]))) records_ /= 2;
  if (ring_ == nullptr) {
    ESP_LOGE(TAG, "no memory for the log");
    records_ = 0;
  }
  core_.backlog.ring.use(ring_.get(), records_);
  memory_.setup(KEY);
  const bool has_log = flash_.open();
  if (!has_log) ESP_LOGW(TAG, "no flash for the log: a power cut loses what was not sent");
  core_.begin(has_log ? &flash_ : nullptr);
}

void BatteryDongle::loop() {
  const Moment now = moment_();
  if (now.bus_ms - ticked_ms_ >= tick_ms_) {
    ticked_ms_ = now.bus_ms;
    core_.tick(now);
    publish_(now);
  }
  send_next_(now);
  hush_(core_.hush(now));
}

void BatteryDongle::dump_config() {
  ESP_LOGCONFIG(TAG,
                "Battery dongle:\n  inverter %s, %s\n  %" PRIu32 " records in RAM, %s in flash\n  %u flash-class writes a day",
                core_.settings.inverter, core_.settings.writable ? "may be written" : "read only", records_,
                core_.backlog.flash.usable() ? "more" : "none", core_.guard.flash_per_day);
}

// ---- configuration

void BatteryDongle::add_step(uint8_t mode, uint16_t address, uint8_t function, bool wears_flash, bool refresh, bool check,
                             std::initializer_list<Value> values) {
  Step step;
  step.address = address;
  step.function = function;
  step.kind = wears_flash ? WriteClass::FLASH : WriteClass::RAM;
  step.refresh = refresh;
  step.check = check;
  step.values = values;
  core_.executor.add_step(Mode(mode), step);
}

void BatteryDongle::set_class_rule(uint8_t price, uint8_t mode, int32_t power_w, uint8_t target_soc) {
  core_.settings.rules.has_class[price] = true;
  core_.settings.rules.by_class[price] = {Mode(mode), power_w, target_soc, 0, 0, false};
}

void BatteryDongle::add_time_rule(int16_t from_minute, int16_t to_minute, uint8_t mode, int32_t power_w, uint8_t target_soc) {
  Rules &rules = core_.settings.rules;
  rules.times[rules.n_times++] = {from_minute, to_minute, {Mode(mode), power_w, target_soc, 0, 0, false}};
}

void BatteryDongle::read_from(uint8_t quantity, sensor::Sensor *sensor) {
  sensor->add_on_state_callback([this, quantity](float value) { core_.heard(Quantity(quantity), value, moment_()); });
}

void BatteryDongle::watch(modbus_controller::ModbusController *controller) {
  controller->add_on_command_sent_callback([this](int, int) { core_.bus.sent(moment_().bus_ms); });
}

void BatteryDongle::watch(sensor::Sensor *sensor) {
  sensor->add_on_raw_state_callback([this](float) { core_.bus.answered(moment_().bus_ms); });
}

// ---- links

void BatteryDongle::request(const std::string &line) { core_.request(line, moment_()); }
void BatteryDongle::link(bool up) { core_.link(up, moment_()); }
void BatteryDongle::say(Say what, const char *line) { said_[uint8_t(what)].trigger(line); }

void BatteryDongle::publish_(const Moment &now) {
  const char *state = name(core_.state()), *fault = core_.fault(now);
  if (state != state_told_) {
    ESP_LOGI(TAG, "state %s", state);
    if (state_text_ != nullptr) state_text_->publish_state(state);
  }
  if (fault != fault_told_) {
    if (*fault) ESP_LOGW(TAG, "fault: %s", fault);
    if (fault_text_ != nullptr) fault_text_->publish_state(fault);
  }
  *fault ? this->status_set_warning() : this->status_clear_warning();  // the light shows it
  state_told_ = state;
  fault_told_ = fault;
}

// ---- bus

void BatteryDongle::send_next_(const Moment &now) {
  BusRequest request;
  if (waiting_ || !core_.bus_next(now, request)) return;
  waiting_ = true;
  bool queued;
  if (!request.write)
    queued = this->read_holding_registers(request.address, request.n);
  else if (request.function == 6)
    queued = this->write_single_register(request.address, request.words[0]);
  else
    queued = this->write_multiple_registers(request.address, std::span<const uint16_t>(request.words, request.n));
  if (!queued) answered_(BusAnswer::NONE, {});
}

// The hub sends nothing until so long after the last byte. It asks before each request, so that this can be changed while it waits.
void BatteryDongle::hush_(bool hush) {
  if (hush != hushed_) this->parent_->set_turnaround_time(hush ? HUSH_MS : pause_ms_);
  hushed_ = hush;
}

void BatteryDongle::answered_(BusAnswer answer, std::span<const uint16_t> words) {
  if (!waiting_) return;
  waiting_ = false;
  const Moment now = moment_();
  if (answer != BusAnswer::NONE) core_.bus.answered(now.bus_ms);
  core_.bus_done(answer, words.data(), uint8_t(words.size()), now);
}

void BatteryDongle::on_read_holding_registers(uint16_t, std::span<const uint16_t> words, modbus::ResponseStatus status) {
  answered_(status ? BusAnswer::EXCEPTION : BusAnswer::OK, words);
}
void BatteryDongle::on_write_single_register(uint16_t, uint16_t, modbus::ResponseStatus status) {
  answered_(status ? BusAnswer::EXCEPTION : BusAnswer::OK, {});
}
void BatteryDongle::on_write_multiple_registers(uint16_t, std::span<const uint16_t>, modbus::ResponseStatus status) {
  answered_(status ? BusAnswer::EXCEPTION : BusAnswer::OK, {});
}
// An answer that does not fit the question, such as a late one to another.
void BatteryDongle::on_custom_response(std::span<const uint8_t>, std::span<const uint8_t>, modbus::ResponseStatus) {
  answered_(BusAnswer::NONE, {});
}
bool BatteryDongle::on_no_response(std::span<const uint8_t>) {
  answered_(BusAnswer::NONE, {});
  return false;  // the core tries again, at most three times, after looking whether it still wants to
}
void BatteryDongle::on_not_sent(std::span<const uint8_t>) { answered_(BusAnswer::NONE, {}); }

// ---- clock

Moment BatteryDongle::moment_() {
  Moment now;
  now.bus_ms = now.ms = uptime_.at(millis());
  const ESPTime wall = clock_->now();
  if (wall.is_valid()) {
    now.epoch = uint32_t(wall.timestamp);
    now.minute = int16_t(wall.hour * 60 + wall.minute);
  }
#ifdef USE_HOST
  if (sped_) {
    now.ms = house_ms_ + uint64_t(double(now.bus_ms - since_ms_) * double(times_));
    now.epoch = uint32_t(epoch_then_ + double(now.ms - house_ms_) / 1000);
    now.minute = int16_t(now.epoch / 60 % 1440);
  }
  if (clock_lost_) {
    now.epoch = 0;
    now.minute = -1;
  }
#endif
  return now;
}

#ifdef USE_HOST
void BatteryDongle::speed(float times) {
  const Moment now = moment_();
  epoch_then_ = now.epoch;
  house_ms_ = now.ms;
  since_ms_ = now.bus_ms;
  times_ = times;
  sped_ = true;
  tick_ms_ = times > 1 ? 0 : TICK_MS;
  times > 20 ? hurry_.start() : hurry_.stop();
}
#endif

}  // namespace esphome::battery_dongle
