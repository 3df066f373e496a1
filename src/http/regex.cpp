#include "http/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/text.h"

namespace bext::http {
namespace {

pcre2_code* code_of(void* p) { return static_cast<pcre2_code*>(p); }

/// Match memory of this thread, large enough for the most groups seen.
struct Scratch {
    pcre2_match_data* data = nullptr;
    std::uint32_t pairs = 0;
    ~Scratch() { pcre2_match_data_free(data); }
    pcre2_match_data* of(std::uint32_t wanted) {
        if (wanted > pairs) {
            pcre2_match_data_free(data);
            data = pcre2_match_data_create(wanted, nullptr);
            pairs = wanted;
        }
        return data;
    }
};
thread_local Scratch scratch;

pcre2_match_context* limits() {
    static pcre2_match_context* context = [] {
        auto* c = pcre2_match_context_create(nullptr);
        pcre2_set_match_limit(c, 10000000);  // PCRE2's own default, said here because a pattern meets strangers' bytes
        return c;
    }();
    return context;
}

int run(void* code, std::string_view subject, pcre2_match_data* data) {
    return pcre2_match(code_of(code), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), 0, 0, data, limits());
}

}  // namespace

Result<std::shared_ptr<const Regex>> Regex::compile(const std::string& pattern, bool ignore_case, std::string place) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    auto* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                               ignore_case ? PCRE2_CASELESS : 0, &error, &offset, nullptr);
    if (!code) {
        char text[128] = "";
        pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(text), sizeof text);
        auto head = cat({"pcre2_compile() failed: ", text, " in \"", pattern, "\""});
        if (offset == pattern.size()) return Error{head};
        return Error{cat({head, " at \"", std::string_view(pattern).substr(offset), "\""})};
    }
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    std::shared_ptr<Regex> regex(new Regex);
    regex->pattern_ = pattern;
    regex->place_ = std::move(place);
    regex->code_ = code;
    regex->ignore_case_ = ignore_case;
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &regex->groups_);
    std::uint32_t names = 0, entry_size = 0;
    PCRE2_SPTR table = nullptr;
    pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &names);
    pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
    pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
    for (std::uint32_t i = 0; i < names; ++i, table += entry_size)
        regex->named_.push_back({reinterpret_cast<const char*>(table + 2), static_cast<std::uint32_t>(table[0] << 8 | table[1])});
    return std::shared_ptr<const Regex>(std::move(regex));
}

Regex::~Regex() { pcre2_code_free(code_of(code_)); }

int Regex::match(std::string_view subject, Arena& arena, Captures& captures) const {
    auto pairs = groups_ + 1;
    auto* data = scratch.of(pairs);
    int rc = run(code_, subject, data);
    if (rc == PCRE2_ERROR_NOMATCH) return 0;
    if (rc < 0) return rc;
    auto* found = pcre2_get_ovector_pointer(data);
    auto* ranges = static_cast<std::uint32_t*>(arena.allocate(pairs * 2 * sizeof(std::uint32_t), alignof(std::uint32_t)));
    for (std::uint32_t i = 0; i < pairs; ++i) {
        bool set = i < static_cast<std::uint32_t>(rc) && found[2 * i] != PCRE2_UNSET;
        ranges[2 * i] = set ? static_cast<std::uint32_t>(found[2 * i]) : 1;  // first > last: unset
        ranges[2 * i + 1] = set ? static_cast<std::uint32_t>(found[2 * i + 1]) : 0;
    }
    captures = {subject, ranges, pairs};
    return 1;
}

int Regex::test(std::string_view subject) const {
    int rc = run(code_, subject, scratch.of(groups_ + 1));
    return rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : rc;
}

std::string Regex::failure(int rc, std::string_view subject) const {
    return cat({"pcre2_match() failed: ", std::to_string(rc), " on \"", subject, "\" using \"", pattern_, "\"", place_});
}

}  // namespace bext::http
