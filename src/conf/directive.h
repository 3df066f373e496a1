// Directive tables and the records they fill. A module's table is also its merge: into<&Conf::x> gives the setter, the
// "is duplicate" error and the inheritance from the enclosing block (docs/write-a-module.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bext::conf {

class Cursor;

/// Where a directive may stand.
enum In : std::uint32_t {
    kMain = 1u << 0,
    kEvents = 1u << 1,
    kHttpBlock = 1u << 2,
    kServer = 1u << 3,
    kLocation = 1u << 4,
    kServerIf = 1u << 5,
    kLocationIf = 1u << 6,
    kLimitExcept = 1u << 7,
    kUpstream = 1u << 8,
    kStreamBlock = 1u << 9,
    kStreamServer = 1u << 10,
    kStreamUpstream = 1u << 11,
};
/// http, server and location: where most directives stand.
constexpr std::uint32_t kHttp = kHttpBlock | kServer | kLocation;

/// How many arguments a directive takes.
enum Takes : std::uint32_t {
    kNone = 1u << 0,
    kOne = 1u << 1,
    kTwo = 1u << 2,
    kThree = 1u << 3,
    kFour = 1u << 4,
    kFive = 1u << 5,
    kSix = 1u << 6,
    kSeven = 1u << 7,
    kOneOrMore = 1u << 8,
    kTwoOrMore = 1u << 9,
    kAnyNumber = 1u << 10,
    kFlag = 1u << 11,   // "on" or "off"
    kBlock = 1u << 12,  // opens a { }
};

/// Why a directive was refused. nullopt: it was accepted.
struct Refusal {
    enum class Kind {
        kAboutDirective,  // shown as: "NAME" directive TEXT in FILE:LINE
        kMessage,         // shown as: TEXT in FILE:LINE
        kComplete,        // shown as it is (a nested file's error has its own place)
    };
    std::string text;
    Kind kind = Kind::kMessage;
};
using Status = std::optional<Refusal>;

inline Status ok() { return std::nullopt; }
inline Status directive_is(std::string text) { return Refusal{std::move(text), Refusal::Kind::kAboutDirective}; }
inline Status refuse(std::string text) { return Refusal{std::move(text), Refusal::Kind::kMessage}; }

/// A value with "was it set here": the unit of inheritance.
template <class T>
class Setting {
public:
    Setting() = default;
    Setting(T value) : value_(std::move(value)) {}  // the default

    bool is_set() const { return set_; }
    void set(T value) {
        value_ = std::move(value);
        set_ = true;
    }
    /// The value in place, marked as set (lists that grow).
    T& edit() {
        set_ = true;
        return value_;
    }
    /// A default found late (it depends on other settings); still not "set here".
    void set_default(T value) { value_ = std::move(value); }
    void inherit(const Setting& outer) {
        if (!set_) *this = outer;
    }

    const T& operator*() const { return value_; }
    const T* operator->() const { return &value_; }

private:
    T value_{};
    bool set_ = false;
};

/// How to make, destroy and finish the settings struct of a module; one per type, found by its slot.
struct Record {
    std::size_t size;
    std::size_t align;
    void (*construct)(void*);
    void (*destroy)(void*);
    int* slot;
    /// After inheritance: late defaults and checks that need the whole block. May be null.
    Status (*finish)(void* own, const void* outer, Cursor& at);
};

template <class C>
inline int slot_of = -1;

template <class C>
concept Finishes = requires(C& own, const C& outer, Cursor& at) { own.finish(outer, at); };

template <class C>
inline constexpr Record record = {
    sizeof(C),
    alignof(C),
    [](void* p) { new (p) C(); },
    [](void* p) { static_cast<C*>(p)->~C(); },
    &slot_of<C>,
    [](void* own, const void* outer, Cursor& at) -> Status {
        if constexpr (Finishes<C>)
            return static_cast<C*>(own)->finish(*static_cast<const C*>(outer), at);
        else
            return std::nullopt;
    },
};

/// What a directive does: fill a record, or whatever its function does.
struct Action {
    Status (*set)(Cursor&, void* record) = nullptr;
    void (*inherit)(void* own, const void* outer) = nullptr;
    const Record* record = nullptr;  // null: the function needs none
};

struct Directive {
    std::string_view name;
    std::uint32_t where;
    std::uint32_t takes;
    Action action;
};

}  // namespace bext::conf
