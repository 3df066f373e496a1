// Wire: numbers and texts in one string, for what the project's own processes hand to each other on one machine.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bext {

class WireWriter {
public:
    template <class T>
    void number(T value) {
        static_assert(std::is_integral_v<T>);
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void text(std::string_view value) {
        number<std::uint64_t>(value.size());
        out_.append(value);
    }
    template <class Items, class Each>
    void list(const Items& items, Each each) {
        number<std::uint64_t>(items.size());
        for (const auto& item : items) each(item);
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

/// After the first read past the end everything is zero and empty, and ok() is false.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : rest_(bytes) {}

    bool ok() const { return ok_; }
    bool at_end() const { return ok_ && rest_.empty(); }

    template <class T>
    T number() {
        T value{};
        auto bytes = take(sizeof value);
        if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    template <class T>
    void number(T& into) {
        into = number<T>();
    }
    std::string_view text() { return take(number<std::uint64_t>()); }
    void text(std::string& into) { into = text(); }

    /// Calls `each` once per item; a count that the bytes cannot hold ends at their end.
    template <class Each>
    void list(Each each) {
        for (auto left = number<std::uint64_t>(); left > 0 && ok_; --left) {
            if (rest_.empty()) {
                ok_ = false;
                return;
            }
            each();
        }
    }

private:
    std::string_view take(std::uint64_t size) {
        if (!ok_ || size > rest_.size()) {
            ok_ = false;
            return {};
        }
        auto bytes = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return bytes;
    }

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace bext
