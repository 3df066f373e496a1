#include "conf/into.h"

#include <algorithm>

namespace bext::conf {

Status Parse<bool>::from(Cursor& at, bool& out) {
    if (iequals(at.arg(1), "on")) return out = true, ok();
    if (iequals(at.arg(1), "off")) return out = false, ok();
    return refuse(cat({"invalid value \"", at.arg(1), "\" in \"", at.name(), "\" directive, it must be \"on\" or \"off\""}));
}

Status Parse<std::string>::from(Cursor& at, std::string& out) {
    out = at.arg(1);
    return ok();
}

Status Parse<std::int64_t>::from(Cursor& at, std::int64_t& out) {
    auto value = parse_decimal(at.arg(1));
    if (!value) return directive_is("invalid number");
    out = static_cast<std::int64_t>(*value);
    return ok();
}

namespace {
template <class T, class P>
Status parsed(const std::optional<P>& value, T& out) {
    if (!value) return directive_is("invalid value");
    out = T{*value};
    return ok();
}
}  // namespace

Status Parse<Bytes>::from(Cursor& at, Bytes& out) { return parsed(parse_size(at.arg(1)), out); }
Status Parse<FileSize>::from(Cursor& at, FileSize& out) { return parsed(parse_file_size(at.arg(1)), out); }
Status Parse<Millis>::from(Cursor& at, Millis& out) { return parsed(parse_millis(at.arg(1)), out); }
Status Parse<Seconds>::from(Cursor& at, Seconds& out) { return parsed(parse_seconds(at.arg(1)), out); }

Status Parse<Buffers>::from(Cursor& at, Buffers& out) {
    auto count = parse_decimal(at.arg(1));
    auto size = parse_size(at.arg(2));
    if (!count || *count == 0 || !size || *size == 0) return directive_is("invalid value");
    out = {*count, *size};
    return ok();
}

bool Seen::add(std::string_view name) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return false;
    names.emplace_back(name);
    return true;
}

Status once(Cursor& at, Seen& seen) { return seen.add(at.name()) ? ok() : directive_is("is duplicate"); }

Status not_supported(Cursor& at) {
    Bytes value;
    if (auto bad = Parse<Bytes>::from(at, value)) return bad;
    at.warn(cat({"\"", at.name(), "\" is not supported, ignored"}));
    return ok();
}

namespace detail {

Status word_value(Cursor& at, std::span<const Word> words, std::uint32_t& out) {
    for (auto& word : words)
        if (iequals(word.name, at.arg(1))) return out = word.value, ok();
    return refuse(cat({"invalid value \"", at.arg(1), "\""}));
}

Status mask_value(Cursor& at, std::span<const Word> words, std::uint32_t& out) {
    for (std::size_t i = 1; i < at.count(); ++i) {
        const Word* found = nullptr;
        for (auto& word : words)
            if (iequals(word.name, at.arg(i))) found = &word;
        if (!found) return refuse(cat({"invalid value \"", at.arg(i), "\""}));
        if (out & found->value && (out & found->value) == found->value)
            at.warn(cat({"duplicate value \"", at.arg(i), "\""}));
        else
            out |= found->value;
    }
    return ok();
}

}  // namespace detail
}  // namespace bext::conf
