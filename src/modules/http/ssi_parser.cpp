#include "modules/http/ssi_parser.h"

#include "base/text.h"

namespace bext::http::ssi {
namespace {

bool blank(char c) { return c == ' ' || c == '\r' || c == '\n' || c == '\t'; }
std::string_view one(const char& c) { return {&c, 1}; }

}  // namespace

Parser::Event Parser::next(std::string_view& bytes) {
    while (!bytes.empty()) {
        if (state_ == State::kText) {
            auto event = read_text(bytes);
            if (event != Event::kNothing) return event;
            continue;
        }
        char c = bytes.front();
        bytes.remove_prefix(1);
        auto event = read(c);
        if (event != Event::kNothing) return event;
    }
    return Event::kNothing;
}

/// An opening that began in earlier bytes goes on. False: it was none, and its bytes are text.
bool Parser::carry_on(std::string_view& bytes) {
    while (!bytes.empty() && matched_ < kOpening.size()) {
        if (bytes.front() != kOpening[matched_]) return false;
        ++matched_;
        bytes.remove_prefix(1);
    }
    return true;
}

/// Text up to the next command, or to what may be the beginning of one.
Parser::Event Parser::read_text(std::string_view& bytes) {
    if (matched_) {
        if (!carry_on(bytes)) {
            text_ = kOpening.substr(0, std::exchange(matched_, 0));
            return Event::kText;
        }
        if (matched_ < kOpening.size()) return Event::kNothing;
        matched_ = 0;
        state_ = State::kBeforeCommand;
        return Event::kNothing;
    }
    std::size_t at = 0;
    for (;; ++at) {
        at = std::min(bytes.find('<', at), bytes.size());
        auto opening = bytes.substr(at, kOpening.size());
        if (!kOpening.starts_with(opening)) continue;
        matched_ = opening.size();
        break;
    }
    text_ = bytes.substr(0, at);
    bytes.remove_prefix(at + matched_);
    if (matched_ == kOpening.size()) {
        matched_ = 0;
        state_ = State::kBeforeCommand;
    }
    return text_.empty() ? Event::kNothing : Event::kText;
}

Parser::Event Parser::fail(std::string text, State after) {
    fault_ = std::move(text);
    state_ = after;
    return Event::kFault;
}

Parser::Event Parser::read(char c) {
    switch (state_) {
        case State::kBeforeCommand: case State::kCommand: return read_command(c);
        case State::kBeforeName: case State::kName: return read_name(c);
        case State::kBeforeEqual: case State::kBeforeValue: case State::kAfterValue: return read_between(c);
        case State::kDoubleQuoted: case State::kQuoted: case State::kEscapedInDouble: case State::kEscaped: return read_value(c);
        default: return read_end(c);
    }
}

Parser::Event Parser::read_command(char c) {
    if (state_ == State::kBeforeCommand) {
        if (blank(c)) return Event::kNothing;
        command_[0] = c;
        command_size_ = 1;
        parameters_.clear();
        state_ = State::kCommand;
    } else if (blank(c)) {
        state_ = State::kBeforeName;
    } else if (c == '-') {
        state_ = State::kEnd0;
    } else if (command_size_ == kNameLength) {
        return fail(cat({"the \"", command(), one(c), "...\" SSI command is too long"}));
    } else {
        command_[command_size_++] = c;
    }
    return Event::kNothing;
}

void Parser::begin_name(char c) {
    name_[0] = c;
    name_size_ = 1;
    value_size_ = 0;
    if (!value_) value_ = arena_.bytes(value_length_ + 1);
    state_ = State::kName;
}

Parser::Event Parser::read_name(char c) {
    if (state_ == State::kBeforeName) {
        if (c == '-') state_ = State::kEnd0;
        else if (!blank(c)) begin_name(c);
        return Event::kNothing;
    }
    std::string_view name{name_, name_size_};
    if (blank(c)) {
        state_ = State::kBeforeEqual;
    } else if (c == '=') {
        state_ = State::kBeforeValue;
    } else if (c == '-') {
        return fail(cat({"unexpected \"-\" symbol after \"", name, "\" parameter in \"", command(), "\" SSI command"}),
                    State::kErrorEnd0);
    } else if (name_size_ == kNameLength) {
        return fail(cat({"too long \"", name, one(c), "...\" parameter in \"", command(), "\" SSI command"}));
    } else {
        name_[name_size_++] = c;
    }
    return Event::kNothing;
}

void Parser::end_value() {
    parameters_.push({arena_.copy({name_, name_size_}), arena_.copy({value_, value_size_})});
    state_ = State::kAfterValue;
}

Parser::Event Parser::read_between(char c) {
    std::string_view name{name_, name_size_};
    auto error = c == '-' ? State::kErrorEnd0 : State::kError;
    switch (state_) {
        case State::kBeforeEqual:
            if (c == '=') return state_ = State::kBeforeValue, Event::kNothing;
            if (blank(c)) return Event::kNothing;
            return fail(cat({"unexpected \"", one(c), "\" symbol after \"", name, "\" parameter in \"", command(), "\" SSI command"}),
                        error);
        case State::kBeforeValue:
            if (c == '"') return state_ = State::kDoubleQuoted, Event::kNothing;
            if (c == '\'') return state_ = State::kQuoted, Event::kNothing;
            if (blank(c)) return Event::kNothing;
            return fail(cat({"unexpected \"", one(c), "\" symbol before value of \"", name, "\" parameter in \"", command(),
                             "\" SSI command"}), error);
        default:
            if (c == '-') return state_ = State::kEnd0, Event::kNothing;
            if (blank(c)) return state_ = State::kBeforeName, Event::kNothing;
            return fail(cat({"unexpected \"", one(c), "\" symbol after \"", parameters_.back().value, "\" value of \"", name,
                             "\" parameter in \"", command(), "\" SSI command"}));
    }
}

Parser::Event Parser::put_value(char c) {
    if (value_size_ == value_length_)
        return fail(cat({"too long \"", {value_, value_size_}, one(c), "...\" value of \"", {name_, name_size_}, "\" parameter in \"",
                         command(), "\" SSI command"}));
    value_[value_size_++] = c;
    return Event::kNothing;
}

Parser::Event Parser::read_value(char c) {
    switch (state_) {
        case State::kEscapedInDouble: state_ = State::kDoubleQuoted; return put_value(c);
        case State::kEscaped: state_ = State::kQuoted; return put_value(c);
        default: break;
    }
    bool twice = state_ == State::kDoubleQuoted;
    if (c == (twice ? '"' : '\'')) return end_value(), Event::kNothing;
    if (c == '\\') state_ = twice ? State::kEscapedInDouble : State::kEscaped;
    return put_value(c);
}

/// "-->", of a good command or of one with an error.
Parser::Event Parser::read_end(char c) {
    switch (state_) {
        case State::kEnd0:
            if (c == '-') return state_ = State::kEnd1, Event::kNothing;
            break;
        case State::kEnd1:
            if (c == '>') return state_ = State::kText, Event::kCommand;
            break;
        case State::kErrorEnd0: state_ = c == '-' ? State::kErrorEnd1 : State::kError; return Event::kNothing;
        case State::kErrorEnd1:
            state_ = c == '>' ? State::kText : State::kError;
            return c == '>' ? Event::kError : Event::kNothing;
        default:
            if (c == '-') state_ = State::kErrorEnd0;
            return Event::kNothing;
    }
    return fail(cat({"unexpected \"", one(c), "\" symbol in \"", command(), "\" SSI command"}));
}

}  // namespace bext::http::ssi
