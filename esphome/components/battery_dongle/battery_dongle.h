// The thin shell: ESPHome's sensors, clock, preferences and Modbus hub on one side, the core on the other. It decides nothing.
#pragma once
#include <memory>
#include <string>
#include <vector>
#include "dongle.h"
#include "log_flash.h"
#include "memory.h"
#include "esphome/components/modbus/modbus.h"
#include "esphome/components/modbus_controller/modbus_controller.h"
#include "esphome/components/sensor/sensor.h"
#include "esphome/components/text_sensor/text_sensor.h"
#include "esphome/components/time/real_time_clock.h"
#include "esphome/core/automation.h"
#include "esphome/core/component.h"

namespace esphome::battery_dongle {

class BatteryDongle : public Component, public modbus::ModbusClientDevice, private dongle_core::Ports {
 public:
  BatteryDongle() : core_(*this) {}
  void setup() override;
  void loop() override;
  void dump_config() override;
  float get_setup_priority() const override { return setup_priority::DATA; }

  // ---- configuration, by __init__.py
  dongle_core::Settings &settings() { return core_.settings; }
  void set_clock(time::RealTimeClock *clock) { clock_ = clock; }
  void set_writes(uint16_t flash_per_day, uint16_t ram_per_day) {
    core_.guard.flash_per_day = flash_per_day;
    core_.guard.ram_per_day = ram_per_day;
  }
  void set_bus(uint32_t timeout_ms, uint16_t pause_ms) {
    core_.bus.timeout_ms = timeout_ms;
    pause_ms_ = pause_ms;
  }
  void set_refresh(uint32_t refresh_ms) { core_.executor.refresh_ms = refresh_ms; }
  void set_records(uint32_t records, uint32_t per_second) {
    records_ = records;
    core_.backlog.per_second = per_second;
  }
  void add_step(uint8_t mode, uint16_t address, uint8_t function, bool wears_flash, bool refresh, bool check, std::initializer_list<dongle_core::Value> values);
  void set_class_rule(uint8_t price, uint8_t mode, int32_t power_w, uint8_t target_soc);
  void add_time_rule(int16_t from_minute, int16_t to_minute, uint8_t mode, int32_t power_w, uint8_t target_soc);
  void read_from(uint8_t quantity, sensor::Sensor *sensor);
  void watch(modbus_controller::ModbusController *controller);
  void watch(sensor::Sensor *sensor);
  void set_state_text(text_sensor::TextSensor *text) { state_text_ = text; }
  void set_fault_text(text_sensor::TextSensor *text) { fault_text_ = text; }
  Trigger<std::string> *on_telemetry() { return &said_[0]; }
  Trigger<std::string> *on_status() { return &said_[1]; }
  Trigger<std::string> *on_response() { return &said_[2]; }

  // ---- for the packages' lambdas
  void request(const std::string &line);  // a line from the backend, over whichever link
  void link(bool up);                     // the link to the backend has come or gone
  bool linked() const { return core_.backlog.linked(); }
  float reading(dongle_core::Quantity what) { return core_.reading(what, moment_()); }  // NaN: none that is fresh
#ifdef USE_HOST
  void speed(float times);        // tests: house time runs so much faster than the bus
  void lose_clock(bool lost) { clock_lost_ = lost; }
#endif

  // ---- answers from the bus
  void on_sent(std::span<const uint8_t>) override { core_.bus.sent(moment_().bus_ms); }
  void on_read_holding_registers(uint16_t address, std::span<const uint16_t> words, modbus::ResponseStatus status) override;
  void on_write_single_register(uint16_t address, uint16_t word, modbus::ResponseStatus status) override;
  void on_write_multiple_registers(uint16_t address, std::span<const uint16_t> words, modbus::ResponseStatus status) override;
  void on_custom_response(std::span<const uint8_t> request, std::span<const uint8_t> response, modbus::ResponseStatus status) override;
  bool on_no_response(std::span<const uint8_t> pdu) override;
  void on_not_sent(std::span<const uint8_t> pdu) override;

 private:
  void say(dongle_core::Say what, const char *line) override;
  bool keep(dongle_core::Kept what, const void *data, size_t size) override { return memory_.keep(what, data, size); }
  bool kept(dongle_core::Kept what, void *data, size_t size) override { return memory_.kept(what, data, size); }

  dongle_core::Moment moment_();
  void send_next_(const dongle_core::Moment &now);
  void hush_(bool hush);
  void answered_(dongle_core::BusAnswer answer, std::span<const uint16_t> words);
  void publish_(const dongle_core::Moment &now);

  dongle_core::Dongle core_;
  dongle_core::Uptime uptime_;
  Memory memory_;
  LogFlash flash_;
  time::RealTimeClock *clock_{nullptr};
  std::unique_ptr<dongle_core::Record[]> ring_;
  uint32_t records_{1440};
  static constexpr uint64_t TICK_MS = 50;
  static constexpr uint16_t HUSH_MS = 60000;  // longer than it ever lasts
  uint64_t ticked_ms_{0}, tick_ms_{TICK_MS};
  uint16_t pause_ms_{50};
  bool waiting_{false}, hushed_{false};
  Trigger<std::string> said_[3];
  text_sensor::TextSensor *state_text_{nullptr}, *fault_text_{nullptr};
  const char *state_told_{nullptr}, *fault_told_{nullptr};
#ifdef USE_HOST
  HighFrequencyLoopRequester hurry_;
  float times_{1};
  uint64_t since_ms_{0}, house_ms_{0};
  double epoch_then_{0};
  bool sped_{false}, clock_lost_{false};
#endif
};

}  // namespace esphome::battery_dongle
