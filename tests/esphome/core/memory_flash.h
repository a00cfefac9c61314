// Flash as a chip has it: bits only fall, sectors are erased whole, and the power may go after any byte.
#pragma once
#include <cstring>
#include <stdexcept>
#include <vector>
#include "flash_log.h"

struct PowerCut : std::runtime_error {
  PowerCut() : std::runtime_error("power cut") {}
};

struct MemoryFlash : dongle_core::Flash {
  explicit MemoryFlash(uint32_t sectors) : bytes(sectors * dongle_core::FlashLog::SECTOR, 0xFF), erased(sectors, 0) {}
  std::vector<uint8_t> bytes;
  std::vector<int> erased;
  long bytes_left = -1;  // until the power goes; -1: it stays
  bool broken = false;

  uint32_t size() const override { return uint32_t(bytes.size()); }
  bool read(uint32_t at, void *data, uint32_t size) override {
    memcpy(data, &bytes.at(at), size);
    return true;
  }
  bool write(uint32_t at, const void *data, uint32_t size) override {
    if (broken) return false;
    for (uint32_t i = 0; i < size; i++) {
      spend();
      bytes.at(at + i) &= static_cast<const uint8_t *>(data)[i];
    }
    return true;
  }
  bool erase_sector(uint32_t at) override {
    if (broken) return false;
    erased.at(at / dongle_core::FlashLog::SECTOR)++;
    for (uint32_t i = 0; i < dongle_core::FlashLog::SECTOR; i++) {
      if (i % 64 == 0) spend();
      bytes.at(at + i) = 0xFF;
    }
    return true;
  }

 private:
  void spend() {
    if (bytes_left == 0) throw PowerCut();
    if (bytes_left > 0) bytes_left--;
  }
};
