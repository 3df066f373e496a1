#include "http/log_format.h"

#include "http/builder.h"
#include "http/progress.h"
#include "http/request.h"
#include "http/thread.h"

namespace bext::http {

/// What logs write themselves: these never ask the variable of that name.
struct LogFormat::Known {
    std::string_view name;
    Kind kind;
};

namespace {

bool log_name_char(char c) { return (to_lower(c) >= 'a' && to_lower(c) <= 'z') || is_digit(c) || c == '_'; }

}  // namespace

Result<> LogFormat::set_escape(std::string_view value) {
    if (value == "json") escape_ = Escaping::kJson;
    else if (value == "none") escape_ = Escaping::kNone;
    else if (value != "default") return Error{cat({"unknown log format escaping \"", value, "\""})};
    return {};
}

Result<> LogFormat::add(std::string_view text, Builder& builder) {
    static constexpr Known kKnown[] = {
        {"pipe", Kind::kPipe}, {"time_local", Kind::kLocalTime}, {"time_iso8601", Kind::kIsoTime},
        {"msec", Kind::kMsec}, {"request_time", Kind::kRequestTime}, {"status", Kind::kStatus},
        {"bytes_sent", Kind::kBytes}, {"body_bytes_sent", Kind::kBodyBytes}, {"request_length", Kind::kRequestLength},
    };
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '$') {
            auto end = std::min(text.find('$', i), text.size());
            parts_.push_back({Kind::kText, 0, std::string(text.substr(i, end - i))});
            i = end;
            continue;
        }
        auto begin = i++;
        bool braces = i < text.size() && text[i] == '{';
        if (braces) ++i;
        auto end = i;
        while (end < text.size() && log_name_char(text[end])) ++end;
        auto name = text.substr(i, end - i);
        if (i == text.size()) return Error{cat({"invalid parameter \"", text.substr(begin), "\""})};
        if (braces && (end == text.size() || text[end] != '}'))
            return Error{cat({"the closing bracket in \"", name, "\" variable is missing"})};
        if (name.empty()) return Error{cat({"invalid parameter \"", text.substr(begin), "\""})};
        i = end + (braces ? 1 : 0);
        auto* known = std::find_if(std::begin(kKnown), std::end(kKnown), [&](auto& k) { return k.name == name; });
        if (known != std::end(kKnown)) parts_.push_back({known->kind, 0, {}});
        else parts_.push_back({Kind::kVariable, builder.variable(name), {}});
    }
    return {};
}

void LogFormat::append(std::string& line, Request& request) const {
    for (auto& part : parts_) {
        if (part.kind == Kind::kText) line.append(part.text);
        else if (part.kind == Kind::kVariable) append_variable(line, request, part.variable);
        else append_known(line, request, part.kind);
    }
}

void LogFormat::append_variable(std::string& line, Request& request, std::uint32_t number) const {
    auto value = request.variable(number);
    if (!value) {
        if (escape_ == Escaping::kDefault) line += '-';
        return;
    }
    switch (escape_) {
        case Escaping::kDefault: append_escaped(line, Escape::kLog, *value); break;
        case Escaping::kJson: append_escaped(line, Escape::kJson, *value); break;
        case Escaping::kNone: line.append(*value); break;
    }
}

void LogFormat::append_known(std::string& line, Request& r, Kind kind) {
    auto& thread = Thread::current();
    char text[32];
    char* end = text;
    switch (kind) {
        case Kind::kPipe: line += r.main.pipelined ? 'p' : '.'; return;
        case Kind::kLocalTime: line.append(thread.local_time()); return;
        case Kind::kIsoTime: line.append(thread.iso_time()); return;
        case Kind::kMsec: end = put_seconds(text, static_cast<std::uint64_t>(thread.loop.unix_milliseconds())); break;
        case Kind::kRequestTime: end = put_seconds(text, elapsed_ms(r)); break;
        case Kind::kStatus: end = put_status(text, r); break;
        case Kind::kBytes: end = put_decimal(text, bytes_sent(r)); break;
        case Kind::kBodyBytes: end = put_decimal(text, body_bytes_sent(r)); break;
        case Kind::kRequestLength: end = put_decimal(text, r.request_length); break;
        case Kind::kText:
        case Kind::kVariable: return;
    }
    line.append(text, static_cast<std::size_t>(end - text));
}

}  // namespace bext::http
