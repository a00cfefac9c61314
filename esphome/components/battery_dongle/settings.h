// What a product's configuration says of its dongle.
#pragma once
#include "controller.h"
#include "readings.h"
#include "rules.h"
#include "steps.h"

namespace dongle_core {

struct Settings {
  const char *firmware{""}, *inverter{""};
  bool writable{false};
  uint32_t stale_ms{60000};    // older readings are not believed
  Limits limits;
  Rules rules;
  Facts facts;
};

}  // namespace dongle_core
