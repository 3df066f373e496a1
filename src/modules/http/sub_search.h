// sub_search: finds several texts in a stream, whatever their case: the leftmost, of those at one place the one that was
// given first (ngx_http_sub_parse). What it finds does not depend on how the bytes are cut into pieces.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"

namespace bext::http::sub {

/// The texts to be found, lower case and not empty, and how far a byte lets the search jump.
class Patterns {
public:
    explicit Patterns(std::span<const std::string_view> patterns);
    std::size_t size() const { return patterns_.size(); }
    std::string_view operator[](std::size_t i) const { return patterns_[i]; }
    std::size_t shortest() const { return shortest_; }
    std::size_t longest() const { return longest_; }
    /// From the byte that stands where the shortest text would end.
    std::size_t jump(char c) const { return jumps_[static_cast<unsigned char>(c)]; }

private:
    std::span<const std::string_view> patterns_;
    std::size_t shortest_, longest_;
    std::array<std::uint8_t, 256> jumps_;
};

class Search {
public:
    class Found {
    public:
        /// Bytes that go through: a part of those given, or of the arena.
        virtual void text(std::string_view text) = 0;
        virtual void match(std::size_t pattern) = 0;

    protected:
        ~Found() = default;
    };
    /// `once`: each text is found once.
    Search(const Patterns& patterns, bool once, Arena& arena);

    /// What may be the beginning of a match is kept for the next call.
    void feed(std::string_view bytes, Found& found);
    /// Nothing follows.
    void end(Found& found);

private:
    enum class Verdict : std::uint8_t { kNone, kPart, kWhole };
    struct Window;
    Verdict match_at(const Window& window, std::size_t start, std::size_t& pattern) const;
    void pass(const Window& window, std::size_t from, std::size_t to, Found& found) const;

    const Patterns& patterns_;
    const bool once_;
    Arena& arena_;
    char* kept_;  // bytes before those to come
    std::size_t kept_size_ = 0;
    bool* used_;
    std::size_t left_;  // texts that are still looked for
};

}  // namespace bext::http::sub
