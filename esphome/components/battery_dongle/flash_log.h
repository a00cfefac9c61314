// Records in raw flash, one 32-byte page each with its own CRC, so that a power cut costs at most the page being written.
// Pages are written once per erase, sectors in a circle: each is worn alike. 128 KB keep 65 h and last centuries.
#pragma once
#include <cstring>
#include "crc32.h"
#include "record.h"

namespace dongle_core {

class Flash {
 public:
  virtual ~Flash() = default;
  virtual uint32_t size() const = 0;
  virtual bool read(uint32_t at, void *data, uint32_t size) = 0;
  virtual bool write(uint32_t at, const void *data, uint32_t size) = 0;  // can only turn 1 bits into 0
  virtual bool erase_sector(uint32_t at) = 0;                            // SECTOR bytes become 0xFF
};

class FlashLog {
 public:
  static constexpr uint32_t SECTOR = 4096, PAGE = 32, PAGES = SECTOR / PAGE, MAX_SECTORS = 64;

  // Look through the whole log: what is there, and where to go on. False: there is no such memory.
  bool mount(Flash *flash) {
    flash_ = flash;
    sectors_ = flash == nullptr ? 0 : flash->size() / SECTOR;
    if (sectors_ > MAX_SECTORS) sectors_ = MAX_SECTORS;
    if (sectors_ < 2) return sectors_ = 0, false;
    any_ = false;
    for (uint32_t sector = 0; sector < sectors_; sector++) {
      survey(sector);
      if (used_[sector] && (!any_ || last_seq_[sector] > newest_)) {
        sector_ = sector;
        newest_ = last_seq_[sector];
        any_ = true;
      }
    }
    page_ = any_ ? first_blank_after_data(sector_) : PAGES;
    if (!any_) sector_ = sectors_ - 1;  // the first record goes to the first sector, erased before
    cached_page_ = 0;
    return true;
  }

  bool usable() const { return sectors_ != 0; }
  bool empty() const { return !any_; }
  uint32_t newest() const { return newest_; }
  uint32_t oldest() const {
    uint32_t oldest = UINT32_MAX;
    for (uint32_t s = 0; s < sectors_; s++)
      if (used_[s] && first_seq_[s] < oldest) oldest = first_seq_[s];
    return oldest;
  }

  // Add a record; its number must be above every one before. False if flash failed: the next record tries the next page.
  bool append(const Record &record) {
    if (!usable()) return false;
    if (page_ == PAGES && !next_sector()) return false;
    uint8_t page[PAGE];
    seal(record, page);
    const uint32_t at = sector_ * SECTOR + page_++ * PAGE;
    uint8_t back[PAGE];
    if (!flash_->write(at, page, PAGE) || !flash_->read(at, back, PAGE) || memcmp(page, back, PAGE) != 0) return false;
    note(sector_, record.seq);
    newest_ = record.seq;
    any_ = true;
    return true;
  }

  // The first record at or after a sequence number.
  bool find(uint32_t seq, Record &found) {
    while (usable()) {
      const uint32_t sector = sector_for(seq);
      if (sector == sectors_) return false;
      uint32_t page = sector == cached_sector_ && cached_page_ != 0 && cached_seq_ < seq ? cached_page_ : 0;
      for (; page < PAGES; page++) {
        if (!unseal(sector, page, found) || found.seq < seq) continue;
        cached_sector_ = sector;
        cached_page_ = page;
        cached_seq_ = found.seq;
        return true;
      }
      if (last_seq_[sector] == UINT32_MAX) return false;
      seq = last_seq_[sector] + 1;  // that page has gone bad since; go on in the next sector
    }
    return false;
  }

 private:
  static void seal(const Record &record, uint8_t (&page)[PAGE]) {
    memcpy(page, &record, sizeof record);
    const uint32_t crc = crc32(page, sizeof record, PAGE);
    memcpy(page + sizeof record, &crc, sizeof crc);
  }
  bool unseal(uint32_t sector, uint32_t page, Record &record) {
    uint8_t bytes[PAGE];
    uint32_t crc;
    if (!flash_->read(sector * SECTOR + page * PAGE, bytes, PAGE)) return false;
    memcpy(&record, bytes, sizeof record);
    memcpy(&crc, bytes + sizeof record, sizeof crc);
    return crc == crc32(bytes, sizeof record, PAGE);
  }
  bool blank(uint32_t sector, uint32_t page) {
    uint8_t bytes[PAGE];
    if (!flash_->read(sector * SECTOR + page * PAGE, bytes, PAGE)) return false;
    for (uint8_t byte : bytes)
      if (byte != 0xFF) return false;
    return true;
  }
  uint32_t first_blank_after_data(uint32_t sector) {
    uint32_t page = PAGES;
    while (page > 0 && blank(sector, page - 1)) page--;
    return page;
  }
  void survey(uint32_t sector) {
    used_[sector] = false;
    Record record;
    for (uint32_t page = 0; page < PAGES; page++)
      if (unseal(sector, page, record)) note(sector, record.seq);
  }
  void note(uint32_t sector, uint32_t seq) {
    if (!used_[sector]) first_seq_[sector] = seq;
    used_[sector] = true;
    last_seq_[sector] = seq;
  }
  bool next_sector() {
    const uint32_t next = (sector_ + 1) % sectors_;
    used_[next] = false;
    if (!flash_->erase_sector(next * SECTOR)) return false;
    sector_ = next;
    page_ = 0;
    return true;
  }
  // Of the sectors that reach up to seq, the one that begins first.
  uint32_t sector_for(uint32_t seq) const {
    uint32_t best = sectors_;
    for (uint32_t s = 0; s < sectors_; s++)
      if (used_[s] && last_seq_[s] >= seq && (best == sectors_ || first_seq_[s] < first_seq_[best])) best = s;
    return best;
  }

  Flash *flash_{nullptr};
  uint32_t sectors_{0}, sector_{0}, page_{PAGES};
  uint32_t cached_sector_{0}, cached_page_{0}, cached_seq_{0};
  uint32_t first_seq_[MAX_SECTORS]{}, last_seq_[MAX_SECTORS]{};
  uint32_t newest_{0};
  bool used_[MAX_SECTORS]{}, any_{false};
};

}  // namespace dongle_core
