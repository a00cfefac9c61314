// As little of a test framework as the core needs: TEST("what it shows") { CHECK(...); }
#pragma once
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

struct Test {
  std::string shows;
  std::function<void()> run;
};
inline std::vector<Test> &tests() {
  static std::vector<Test> all;
  return all;
}
struct Registered {
  Registered(const char *shows, std::function<void()> run) { tests().push_back({shows, std::move(run)}); }
};

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define TEST(shows) \
  static void JOIN(test_, __LINE__)(); \
  static Registered JOIN(registered_, __LINE__)(shows, JOIN(test_, __LINE__)); \
  static void JOIN(test_, __LINE__)()
#define CHECK(truth) \
  do { \
    if (!(truth)) { \
      std::printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #truth); \
      std::exit(1); \
    } \
  } while (0)
