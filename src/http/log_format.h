// LogFormat: a log_format, compiled once; a line is built in one pass.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/escape.h"

namespace bext::http {

class Builder;
class Request;

class LogFormat {
public:
    explicit LogFormat(std::string name) : name_(std::move(name)) {}

    const std::string& name() const { return name_; }
    /// "escape=json" …; an error has nginx's text.
    Result<> set_escape(std::string_view value);
    /// Adds a piece of the format. Errors have nginx's text.
    Result<> add(std::string_view text, Builder& builder);
    bool empty() const { return parts_.empty(); }

    /// Appends the line of `request`, without its end.
    void append(std::string& line, Request& request) const;

private:
    enum class Kind : std::uint8_t { kText, kVariable, kPipe, kLocalTime, kIsoTime, kMsec, kRequestTime, kStatus,
                                     kBytes, kBodyBytes, kRequestLength };
    struct Part {
        Kind kind;
        std::uint32_t variable = 0;
        std::string text;
    };
    struct Known;
    enum class Escaping : std::uint8_t { kDefault, kJson, kNone };
    void append_variable(std::string& line, Request& request, std::uint32_t number) const;
    static void append_known(std::string& line, Request& request, Kind kind);

    std::string name_;
    std::vector<Part> parts_;
    Escaping escape_ = Escaping::kDefault;
};

}  // namespace bext::http
