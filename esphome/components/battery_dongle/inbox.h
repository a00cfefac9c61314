// Which orders are taken and why the others are not. What was taken is remembered, over a reboot by its newest time and id.
#pragma once
#include "crc32.h"
#include "request.h"

namespace dongle_core {

enum class Fate : uint8_t { NONE, ACCEPTED, CONFIRMED, FAILED, OVERRIDDEN };
constexpr const char *FATES[] = {"refused", "accepted", "confirmed", "failed", "overridden"};

struct Newest {  // kept over reboots, one for commands and one for schedules
  uint32_t issued{0}, id_crc{0};
};

class Inbox {
 public:
  static constexpr uint32_t CLOCKS_DIFFER_S = 300;  // issued further in the future than this is nonsense, and would make all else stale

  Newest newest[2];

  // Null: taken. Otherwise why not, in the contract's words; `earlier` tells what became of it when it came first.
  const char *judge(const Request &request, uint32_t epoch, Fate &earlier) {
    earlier = Fate::NONE;
    if (request.kind == Request::Kind::MALFORMED) return "malformed";
    if (epoch == 0) return "no_clock";
    const Newest &last = newest[which(request)];
    const Known *known = find(request.id);
    if (known != nullptr) earlier = known->fate;
    if (known != nullptr || (last.issued != 0 && last.id_crc == crc(request.id))) return "replayed";
    if (epoch > request.expires) return "expired";
    if (request.issued > epoch + CLOCKS_DIFFER_S) return "malformed";
    if (request.issued < last.issued) return "stale";
    return nullptr;
  }

  void took(const Request &request) {
    newest[which(request)] = {request.issued, crc(request.id)};
    known_[turn_] = {request.id, Fate::ACCEPTED};
    turn_ = (turn_ + 1) % REMEMBERED;
  }

  void became(const OrderId &id, Fate fate) {
    for (Known &known : known_)
      if (known.fate != Fate::NONE && known.id == id) known.fate = fate;
  }

 private:
  static constexpr size_t REMEMBERED = 24;
  struct Known {
    OrderId id;
    Fate fate{Fate::NONE};
  };
  static size_t which(const Request &request) { return request.kind == Request::Kind::SCHEDULE; }
  static uint32_t crc(const OrderId &id) { return crc32(id.text, strlen(id.text)); }
  const Known *find(const OrderId &id) const {
    for (const Known &known : known_)
      if (known.fate != Fate::NONE && known.id == id) return &known;
    return nullptr;
  }

  Known known_[REMEMBERED];
  size_t turn_{0};
};

}  // namespace dongle_core
