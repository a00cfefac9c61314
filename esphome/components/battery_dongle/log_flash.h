// Where the flash log lives: a partition of its own on the ESP32, a file on Linux.
#pragma once
#include "esphome/core/defines.h"
#include "flash_log.h"
#ifdef USE_ESP32
#include <esp_partition.h>
#endif
#ifdef USE_HOST
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#endif

namespace esphome::battery_dongle {

#ifdef USE_ESP32
class LogFlash : public dongle_core::Flash {
 public:
  // Null when the device was flashed with another partition table: then the log is in RAM only.
  bool open() {
    partition_ = esp_partition_find_first(ESP_PARTITION_TYPE_DATA, esp_partition_subtype_t(0x99), "tlog");
    return partition_ != nullptr;
  }
  uint32_t size() const override { return partition_->size; }
  bool read(uint32_t at, void *data, uint32_t size) override { return esp_partition_read(partition_, at, data, size) == ESP_OK; }
  bool write(uint32_t at, const void *data, uint32_t size) override { return esp_partition_write(partition_, at, data, size) == ESP_OK; }
  bool erase_sector(uint32_t at) override { return esp_partition_erase_range(partition_, at, dongle_core::FlashLog::SECTOR) == ESP_OK; }

 private:
  const esp_partition_t *partition_{nullptr};
};
#elif defined(USE_HOST)
class LogFlash : public dongle_core::Flash {
 public:
  static constexpr uint32_t SIZE = 0x20000;  // as in packages/flash_log.yaml
  bool open() {
    const char *folder = getenv("ESPHOME_PREFDIR");
    if (folder == nullptr) return false;
    file_ = ::open((std::string(folder) + "/tlog").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) return false;
    const off_t had = lseek(file_, 0, SEEK_END);
    for (off_t at = had / dongle_core::FlashLog::SECTOR * dongle_core::FlashLog::SECTOR; at < off_t(SIZE); at += dongle_core::FlashLog::SECTOR)
      if (!erase_sector(uint32_t(at))) return false;
    return true;
  }
  uint32_t size() const override { return SIZE; }
  bool read(uint32_t at, void *data, uint32_t size) override { return pread(file_, data, size, at) == ssize_t(size); }
  bool write(uint32_t at, const void *data, uint32_t size) override { return pwrite(file_, data, size, at) == ssize_t(size); }
  bool erase_sector(uint32_t at) override {
    const std::string blank(dongle_core::FlashLog::SECTOR, '\xFF');
    return write(at, blank.data(), uint32_t(blank.size()));
  }

 private:
  int file_{-1};
};
#endif

}  // namespace esphome::battery_dongle
