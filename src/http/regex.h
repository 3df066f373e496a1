// Regex: a PCRE2 pattern, compiled with the JIT, and the captures of its last match in a request.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"

namespace bext::http {

/// What a match found: $0 … $n as ranges of `subject`.
struct Captures {
    std::string_view subject;
    const std::uint32_t* ranges = nullptr;  // 2 * count offsets
    std::uint32_t count = 0;

    std::string_view operator[](std::uint32_t n) const {
        if (n >= count || ranges[2 * n] > ranges[2 * n + 1] || ranges[2 * n + 1] > subject.size()) return {};
        return subject.substr(ranges[2 * n], ranges[2 * n + 1] - ranges[2 * n]);
    }
    bool has(std::uint32_t n) const {
        return n < count && ranges[2 * n] <= ranges[2 * n + 1] && ranges[2 * n + 1] <= subject.size();
    }
};

class Regex {
public:
    /// A group (?<name>…): the variable it sets and its number.
    struct Named {
        std::string name;
        std::uint32_t number;
    };

    /// nginx's error text on a bad pattern. `place`: " in FILE:LINE" of what it is written in.
    static Result<std::shared_ptr<const Regex>> compile(const std::string& pattern, bool ignore_case, std::string place = {});
    ~Regex();

    /// Matches anywhere in `subject`; the captures live in `arena`. Negative: an internal error (its PCRE2 code).
    int match(std::string_view subject, Arena& arena, Captures& captures) const;
    /// The same without captures: 1, 0 or negative.
    int test(std::string_view subject) const;
    /// What the error log says when a match came to `rc`, which is negative.
    std::string failure(int rc, std::string_view subject) const;

    const std::string& pattern() const { return pattern_; }
    bool ignores_case() const { return ignore_case_; }
    std::uint32_t groups() const { return groups_; }
    const std::vector<Named>& named() const { return named_; }

private:
    Regex() = default;
    std::string pattern_, place_;
    void* code_ = nullptr;
    bool ignore_case_ = false;
    std::uint32_t groups_ = 0;
    std::vector<Named> named_;
};

}  // namespace bext::http
