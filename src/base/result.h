// Result<T>: a value or an Error that carries its cause. Nothing throws on the data path.
#pragma once

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace bext {

/// What failed, in words for an administrator. `system` is an errno, 0 when the cause is not a system call.
struct Error {
    std::string text;
    int system = 0;

    /// `text` followed by the system error in nginx's form: "open() "x" failed (2: No such file or directory)".
    static Error from_errno(std::string what, int code = errno) {
        return {std::move(what) + " failed (" + std::to_string(code) + ": " + std::strerror(code) + ")", code};
    }
};

template <class T = void>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }
    T& operator*() & { return *std::get_if<0>(&state_); }
    const T& operator*() const& { return *std::get_if<0>(&state_); }
    T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
    T* operator->() { return std::get_if<0>(&state_); }
    const T* operator->() const { return std::get_if<0>(&state_); }
    const Error& error() const { return *std::get_if<1>(&state_); }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    explicit operator bool() const { return !error_; }
    const Error& error() const { return *error_; }

private:
    std::optional<Error> error_;
};

}  // namespace bext
