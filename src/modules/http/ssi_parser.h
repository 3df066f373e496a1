// ssi_parser: tells the commands of server side includes from the text around them (ngx_http_ssi_parse). What it finds does
// not depend on how the bytes are cut into pieces.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/list.h"

namespace bext::http::ssi {

struct Parameter {
    std::string_view name, value;
};

class Parser {
public:
    enum class Event : std::uint8_t {
        kNothing,  // all bytes are used
        kText,     // text() goes on unchanged
        kCommand,  // command() and parameters()
        kFault,    // a command is malformed: fault() is for the error log
        kError,    // … and here it ends
    };
    /// `value_length`: bytes that a value may have (ssi_value_length). Names and values are kept in `arena`.
    Parser(Arena& arena, std::size_t value_length) : arena_(arena), value_length_(value_length), parameters_(arena) {}

    /// Reads up to the next event and takes what it has used off `bytes`.
    Event next(std::string_view& bytes);

    /// A part of the bytes given, or of what they began with before.
    std::string_view text() const { return text_; }
    std::string_view command() const { return {command_, command_size_}; }
    std::span<const Parameter> parameters() const { return parameters_.span(); }
    const std::string& fault() const { return fault_; }

private:
    enum class State : std::uint8_t {
        kText, kBeforeCommand, kCommand, kBeforeName, kName, kBeforeEqual, kBeforeValue, kDoubleQuoted, kQuoted,
        kEscapedInDouble, kEscaped, kAfterValue, kEnd0, kEnd1, kError, kErrorEnd0, kErrorEnd1,
    };
    static constexpr std::string_view kOpening = "<!--#";
    static constexpr std::size_t kNameLength = 32;

    Event read_text(std::string_view& bytes);
    bool carry_on(std::string_view& bytes);
    Event read(char c);
    Event read_command(char c);
    Event read_name(char c);
    Event read_between(char c);
    Event read_value(char c);
    Event read_end(char c);
    Event put_value(char c);
    void begin_name(char c);
    void end_value();
    Event fail(std::string text, State after = State::kError);

    Arena& arena_;
    const std::size_t value_length_;
    State state_ = State::kText;
    std::size_t matched_ = 0;  // bytes of kOpening seen at the end of the text
    std::string_view text_;
    char command_[kNameLength];
    std::size_t command_size_ = 0;
    char name_[kNameLength];
    std::size_t name_size_ = 0;
    char* value_ = nullptr;
    std::size_t value_size_ = 0;
    List<Parameter> parameters_;
    std::string fault_;
};

}  // namespace bext::http::ssi
