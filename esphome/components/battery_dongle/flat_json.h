// A small strict reader for one flat JSON object: strings, numbers, true, false, null; nothing nested, no key twice. It allocates nothing.
#pragma once
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace dongle_core {

class FlatJson {
 public:
  static constexpr size_t LONGEST = 2048, MOST_KEYS = 32;

  bool parse(std::string_view text) {
    rest_ = text;
    count_ = 0;
    if (text.size() > LONGEST || !take('{')) return false;
    if (!take('}')) {
      do {
        Pair pair;
        if (count_ == MOST_KEYS || !string(pair.key) || !take(':') || !value(pair)) return false;
        for (size_t i = 0; i < count_; i++)
          if (pairs_[i].key == pair.key) return false;
        pairs_[count_++] = pair;
      } while (take(','));
      if (!take('}')) return false;
    }
    space();
    return rest_.empty();
  }

  bool has(std::string_view key) const { return find(key) != nullptr; }
  bool text(std::string_view key, std::string_view &value) const {
    const Pair *pair = find(key);
    if (pair == nullptr || pair->kind != '"') return false;
    value = pair->raw;
    return true;
  }
  bool number(std::string_view key, double &value) const {
    const Pair *pair = find(key);
    if (pair == nullptr || pair->kind != '0') return false;
    value = pair->number;
    return true;
  }
  // A whole number between two bounds.
  template<typename T> bool whole(std::string_view key, double lowest, double highest, T &value) const {
    double read;
    if (!number(key, read) || !(read >= lowest && read <= highest) || read != std::floor(read)) return false;
    value = T(read);
    return true;
  }

 private:
  struct Pair {
    std::string_view key, raw;  // of strings: as written, escapes and all
    double number{0};
    char kind{0};
  };

  const Pair *find(std::string_view key) const {
    for (size_t i = 0; i < count_; i++)
      if (pairs_[i].key == key) return &pairs_[i];
    return nullptr;
  }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  void space() {
    while (!rest_.empty() && (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n')) rest_.remove_prefix(1);
  }
  bool take(char wanted) {
    space();
    if (rest_.empty() || peek() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view word) {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool string(std::string_view &raw) {
    if (!take('"')) return false;
    size_t i = 0;
    for (; i < rest_.size() && rest_[i] != '"'; i++) {
      if (static_cast<unsigned char>(rest_[i]) < 0x20) return false;
      if (rest_[i] != '\\') continue;
      if (++i == rest_.size()) return false;
      if (rest_[i] == 'u') {
        for (int digit = 0; digit < 4; digit++)
          if (++i >= rest_.size() || !is_hex(rest_[i])) return false;
      } else if (std::string_view("\"\\/bfnrt").find(rest_[i]) == std::string_view::npos) {
        return false;
      }
    }
    if (i >= rest_.size()) return false;
    raw = rest_.substr(0, i);
    rest_.remove_prefix(i + 1);
    return true;
  }
  bool value(Pair &pair) {
    space();
    pair.kind = peek();
    switch (pair.kind) {
      case '"': return string(pair.raw);
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: pair.kind = '0'; return number(pair);
    }
  }
  bool number(Pair &pair) {
    size_t i = 0;
    const auto digits = [&] {
      const size_t from = i;
      while (i < rest_.size() && is_digit(rest_[i])) i++;
      return i - from;
    };
    const auto at = [&](char c) { return i < rest_.size() && rest_[i] == c; };
    if (at('-')) i++;
    const bool leading_zero = at('0');
    const size_t whole = digits();
    if (whole == 0 || (leading_zero && whole > 1)) return false;
    if (at('.') && (++i, digits() == 0)) return false;
    if (at('e') || at('E')) {
      i++;
      if (at('+') || at('-')) i++;
      if (digits() == 0) return false;
    }
    char copy[40];
    if (i >= sizeof copy) return false;
    memcpy(copy, rest_.data(), i);
    copy[i] = '\0';
    pair.number = std::strtod(copy, nullptr);
    rest_.remove_prefix(i);
    return std::isfinite(pair.number);
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

  std::string_view rest_;
  Pair pairs_[MOST_KEYS];
  size_t count_{0};
};

}  // namespace dongle_core
