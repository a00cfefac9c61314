// Runs every test, or with an argument those whose sentence holds it.
#include <cstring>
#include "check.h"

int main(int argc, char **argv) {
  int ran = 0;
  for (const Test &test : tests()) {
    if (argc > 1 && test.shows.find(argv[1]) == std::string::npos) continue;
    std::printf("%s\n", test.shows.c_str());
    std::fflush(stdout);
    test.run();
    ran++;
  }
  std::printf("%d passed\n", ran);
  return ran == 0;
}
