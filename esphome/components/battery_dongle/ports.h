// What the core asks of the world around it: to say its lines, and to keep over reboots what it must still know.
#pragma once
#include <cstddef>
#include <cstdint>

namespace dongle_core {

enum class Say : uint8_t { TELEMETRY, STATUS, RESPONSE };
enum class Kept : uint8_t { LIFE, DAY, ORDERS, SCHEDULE };

class Ports {
 public:
  virtual ~Ports() = default;
  virtual void say(Say what, const char *line) = 0;
  virtual bool keep(Kept what, const void *data, size_t size) = 0;  // over reboots, from now on
  virtual bool kept(Kept what, void *data, size_t size) = 0;
};

}  // namespace dongle_core
