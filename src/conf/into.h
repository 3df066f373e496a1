// into<&Conf::x>: the Action that fills one Setting of a record. The value's type decides the grammar and the error texts
// (ngx_conf_set_*_slot). call<&fn> runs a function with the block's record.
#pragma once

#include <array>
#include <type_traits>

#include "conf/cursor.h"

namespace bext::conf {

/// How a value of type T is read from a directive's words. Specialised by whoever owns the type.
template <class T>
struct Parse;

template <>
struct Parse<bool> {
    static Status from(Cursor& at, bool& out);
};
template <>
struct Parse<std::string> {
    static Status from(Cursor& at, std::string& out);
};
template <>
struct Parse<std::int64_t> {
    static Status from(Cursor& at, std::int64_t& out);
};
template <>
struct Parse<Bytes> {
    static Status from(Cursor& at, Bytes& out);
};
template <>
struct Parse<FileSize> {
    static Status from(Cursor& at, FileSize& out);
};
template <>
struct Parse<Millis> {
    static Status from(Cursor& at, Millis& out);
};
template <>
struct Parse<Seconds> {
    static Status from(Cursor& at, Seconds& out);
};

/// "number size" pairs: proxy_buffers 8 4k.
struct Buffers {
    std::uint64_t count = 0;
    std::uint64_t size = 0;
};
template <>
struct Parse<Buffers> {
    static Status from(Cursor& at, Buffers& out);
};

/// One word of an enumeration or bit mask.
struct Word {
    std::string_view name;
    std::uint32_t value;
};

/// A list that grows with each directive: a level that sets one inherits none.
template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};

namespace detail {

template <class M>
struct Member;
template <class C, class T>
struct Member<Setting<T> C::*> {
    using Class = C;
    using Value = T;
};

template <auto M>
using ClassOf = typename Member<decltype(M)>::Class;

// The class is an argument of its own, since g++ 12 gives templates over members of a class in an anonymous namespace
// weak linkage: those of two modules with a member of the same name would become one.
template <class C, auto M>
void inherit_member(void* own, const void* outer) {
    (static_cast<C*>(own)->*M).inherit(static_cast<const C*>(outer)->*M);
}

template <class C, auto M>
Status set_member(Cursor& at, void* own) {
    using Traits = Member<decltype(M)>;
    using T = typename Traits::Value;
    auto& setting = static_cast<typename Traits::Class*>(own)->*M;
    if constexpr (IsList<T>::value) {
        typename T::value_type item{};
        if (auto bad = Parse<typename T::value_type>::from(at, item)) return bad;
        if (!setting.is_set()) setting.set({});
        setting.edit().push_back(std::move(item));
    } else {
        if (setting.is_set()) return directive_is("is duplicate");
        T value{};
        if (auto bad = Parse<T>::from(at, value)) return bad;
        setting.set(std::move(value));
    }
    return ok();
}

Status word_value(Cursor& at, std::span<const Word> words, std::uint32_t& out);
Status mask_value(Cursor& at, std::span<const Word> words, std::uint32_t& out);

template <class C, auto M, const auto& kWords>
Status set_word(Cursor& at, void* own) {
    using Traits = Member<decltype(M)>;
    auto& setting = static_cast<typename Traits::Class*>(own)->*M;
    if (setting.is_set()) return directive_is("is duplicate");
    std::uint32_t value = 0;
    if (auto bad = word_value(at, kWords, value)) return bad;
    setting.set(static_cast<typename Traits::Value>(value));
    return ok();
}

template <class C, auto M, const auto& kWords>
Status set_mask(Cursor& at, void* own) {
    using Traits = Member<decltype(M)>;
    auto& setting = static_cast<typename Traits::Class*>(own)->*M;
    std::uint32_t value = setting.is_set() ? static_cast<std::uint32_t>(*setting) : 0;
    if (auto bad = mask_value(at, kWords, value)) return bad;
    setting.set(static_cast<typename Traits::Value>(value));
    return ok();
}

template <class F>
struct Callee;
template <class C>
struct Callee<Status (*)(Cursor&, C&)> {
    using Class = C;
};

}  // namespace detail

/// Fills one Setting.
template <auto M>
inline constexpr Action into = {&detail::set_member<detail::ClassOf<M>, M>, &detail::inherit_member<detail::ClassOf<M>, M>,
                                &record<typename detail::Member<decltype(M)>::Class>};

/// One of the words (ngx_conf_set_enum_slot).
template <auto M, const auto& kWords>
inline constexpr Action one_of = {&detail::set_word<detail::ClassOf<M>, M, kWords>, &detail::inherit_member<detail::ClassOf<M>, M>,
                                  &record<typename detail::Member<decltype(M)>::Class>};

/// Any of the words, as bits (ngx_conf_set_bitmask_slot).
template <auto M, const auto& kWords>
inline constexpr Action any_of = {&detail::set_mask<detail::ClassOf<M>, M, kWords>, &detail::inherit_member<detail::ClassOf<M>, M>,
                                  &record<typename detail::Member<decltype(M)>::Class>};

/// `Status f(Cursor&, Conf&)`, and the Settings it fills, which inherit.
template <auto F, auto... M>
inline constexpr Action call = {
    [](Cursor& at, void* own) { return F(at, *static_cast<typename detail::Callee<decltype(F)>::Class*>(own)); },
    []([[maybe_unused]] void* own, [[maybe_unused]] const void* outer) { (detail::inherit_member<detail::ClassOf<M>, M>(own, outer), ...); },
    &record<typename detail::Callee<decltype(F)>::Class>};

/// `Status f(Cursor&)`: a directive that fills no record.
template <auto F>
inline constexpr Action run = {[](Cursor& at, void*) { return F(at); }, nullptr, nullptr};

/// The directives of a block that fill no setting, but may stand there once.
struct Seen {
    std::vector<std::string> names;
    bool add(std::string_view name);
};
/// Refuses the directive being read when it stood in this block before.
Status once(Cursor& at, Seen& seen);

/// `Status f(Cursor&)`: a directive that fills no record, and that a block has once.
template <auto F>
inline constexpr Action run_once = {[](Cursor& at, void* seen) {
                                        if (auto bad = once(at, *static_cast<Seen*>(seen))) return bad;
                                        return F(at);
                                    },
                                    nullptr, &record<Seen>};

/// A value of type T for what bext does another way: checked as nginx checks it, and without effect (docs/differences.md).
template <class T>
Status parse_only(Cursor& at) {
    T value{};
    return Parse<T>::from(at, value);
}
template <class T>
inline constexpr Action checked = run_once<parse_only<T>>;

/// What stands for "warn(TEXT) and go on" on this platform: nginx's `…_send_lowat`.
Status not_supported(Cursor& at);

}  // namespace bext::conf
