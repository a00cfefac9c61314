// CRC-32 (IEEE 802.3), a byte at a time without a table: records are few.
#pragma once
#include <cstddef>
#include <cstdint>

namespace dongle_core {

inline uint32_t crc32(const void *data, size_t size, uint32_t crc = 0) {
  crc = ~crc;
  for (const auto *byte = static_cast<const uint8_t *>(data); size-- > 0; byte++) {
    crc ^= *byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1)));
  }
  return ~crc;
}

}  // namespace dongle_core
