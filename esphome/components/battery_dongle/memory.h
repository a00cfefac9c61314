// What the dongle keeps over reboots: pieces of at most 200 bytes in ESPHome's preferences, in two banks in turn,
// so that a power cut while writing leaves the writing before.
#pragma once
#include <array>
#include <cstring>
#include "crc32.h"
#include "ports.h"
#include "esphome/core/preferences.h"
#ifdef USE_HOST
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#endif

namespace esphome::battery_dongle {

#ifdef USE_HOST
// ESPHome for Linux empties the file of its preferences and then writes it anew: killed in between it forgets everything, as no chip does.
// Here, as in flash, only what is written can be lost.
class Pieces {
 public:
  struct Piece {
    int file{-1};
    off_t at{0};
    bool save(const uint8_t *data, size_t size) { return pwrite(file, data, size, at) == ssize_t(size); }
    bool load(uint8_t *data, size_t size) { return pread(file, data, size, at) == ssize_t(size); }
  };
  Piece at(uint32_t key, size_t) {
    const char *folder = getenv("ESPHOME_PREFDIR");
    if (file_ < 0 && folder != nullptr) file_ = ::open((std::string(folder) + "/kept").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return {file_, off_t(key % 0x1000) * 256};
  }
  bool sync() { return true; }

 private:
  int file_{-1};
};
#else
class Pieces {
 public:
  using Piece = ESPPreferenceObject;
  Piece at(uint32_t key, size_t length) { return global_preferences->make_preference(length, key, true); }
  bool sync() { return global_preferences->sync(); }
};
#endif

class Memory {
 public:
  static constexpr size_t PIECE = 200, PIECES = 3, BANKS = 2, KINDS = 4;

  void setup(uint32_t key) {
    for (size_t kind = 0; kind < KINDS; kind++) {
      const size_t pieces = kind == size_t(dongle_core::Kept::SCHEDULE) ? PIECES : 1;
      for (size_t bank = 0; bank < BANKS; bank++)
        for (size_t piece = 0; piece < pieces; piece++) at_[kind][bank][piece] = pieces_.at(key + uint32_t(kind << 8 | bank << 4 | piece), length(kind));
    }
  }

  bool keep(dongle_core::Kept what, const void *data, size_t size) {
    const auto kind = size_t(what);
    Whole whole;
    if (size > sizeof whole.data) return false;
    memcpy(whole.data, data, size);
    whole.turn = ++turn_[kind];
    whole.crc = crc(whole, size);
    bool good = true;
    const auto *bytes = reinterpret_cast<const uint8_t *>(&whole);
    for (size_t piece = 0; piece * length(kind) < HEAD + size; piece++) good &= at_[kind][whole.turn % BANKS][piece].save(bytes + piece * length(kind), length(kind));
    return pieces_.sync() && good;
  }

  bool kept(dongle_core::Kept what, void *data, size_t size) {
    const auto kind = size_t(what);
    bool found = false;
    for (size_t bank = 0; bank < BANKS; bank++) {
      Whole whole;
      bool good = size <= sizeof whole.data;
      auto *bytes = reinterpret_cast<uint8_t *>(&whole);
      for (size_t piece = 0; good && piece * length(kind) < HEAD + size; piece++) good = at_[kind][bank][piece].load(bytes + piece * length(kind), length(kind));
      if (!good || whole.crc != crc(whole, size) || (found && int32_t(whole.turn - turn_[kind]) < 0)) continue;
      turn_[kind] = whole.turn;
      memcpy(data, whole.data, size);
      found = true;
    }
    return found;
  }

 private:
  static constexpr size_t HEAD = 8;
  struct Whole {
    uint32_t turn{0}, crc{0};
    uint8_t data[PIECE * PIECES - HEAD]{};
  };
  static constexpr size_t length(size_t kind) { return kind == size_t(dongle_core::Kept::SCHEDULE) ? PIECE : 40; }
  static uint32_t crc(const Whole &whole, size_t size) {
    return dongle_core::crc32(whole.data, size, dongle_core::crc32(&whole.turn, sizeof whole.turn, uint32_t(size)));
  }
  Pieces pieces_;
  std::array<std::array<std::array<Pieces::Piece, PIECES>, BANKS>, KINDS> at_;
  uint32_t turn_[KINDS]{};
};

}  // namespace esphome::battery_dongle
