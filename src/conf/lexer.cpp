#include "conf/lexer.h"

#include <optional>

namespace bext::conf {
namespace {

constexpr std::size_t kLongest = 4096;  // nginx's configuration buffer bounds a parameter

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// The text of a word with its escapes resolved.
std::string unescape(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '\\' && i + 1 < raw.size()) {
            switch (raw[i + 1]) {
                case '"':
                case '\'':
                case '\\': out += raw[++i]; continue;
                case 't': out += '\t', ++i; continue;
                case 'r': out += '\r', ++i; continue;
                case 'n': out += '\n', ++i; continue;
                default: break;
            }
        }
        out += raw[i];
    }
    return out;
}

Error unexpected(char c, const Lexer& lexer) { return {std::string("unexpected \"") + c + "\"" + lexer.place()}; }

}  // namespace

/// The reader's position inside a directive.
struct Lexer::State {
    bool between = true;      // before a word
    bool need_blank = false;  // after a quoted word
    bool escaped = false, variable = false, comment = false;
    char quote = 0;
    std::size_t start = 0;
    unsigned start_line = 1;

    bool skip(char c) {
        if (comment) {
            if (c == '\n') comment = false;
            return true;
        }
        if (escaped) {
            escaped = false;
            return true;
        }
        return false;
    }

    /// Between words: what `c` begins. True when it ends the directive.
    bool begin(char c, std::size_t at) {
        start = at;
        switch (c) {
            case '#': comment = true; return false;
            case '\\': escaped = true; break;
            case '"':
            case '\'': quote = c, ++start; break;
            case '$': variable = true; break;
            default: break;
        }
        between = false;
        return false;
    }

    /// Inside a word: true when `c` ends it.
    bool ends_word(char c) {
        if (c == '{' && variable) return false;
        variable = false;
        if (c == '\\') return escaped = true, false;
        if (c == '$') return variable = true, false;
        if (quote) {
            if (c != quote) return false;
            quote = 0;
            need_blank = true;
            between = false;
            return true;
        }
        if (!blank(c) && c != ';' && c != '{') return false;
        between = true;
        return true;
    }
};

std::string Lexer::place() const {
    if (name_.empty()) return " in command line";
    return " in " + name_ + ":" + std::to_string(line_);
}

Result<End> Lexer::next(std::vector<std::string>& words) {
    words.clear();
    State state;
    while (at_ < text_.size()) {
        char c = text_[at_++];
        if (c == '\n') ++line_;
        if (!state.between && !state.need_blank && at_ - state.start > kLongest) break;
        if (state.skip(c)) continue;
        if (state.need_blank) {
            if (c == ';') return End::kSemicolon;
            if (c == '{') return End::kBlockOpens;
            if (!blank(c) && c != ')') return unexpected(c, *this);
            state.between = true;
            state.need_blank = false;
            if (c != ')') continue;
        }
        if (state.between) {
            state.start_line = line_;
            if (blank(c)) continue;
            if (c == ';' || c == '{') {
                if (words.empty()) return unexpected(c, *this);
                return c == ';' ? End::kSemicolon : End::kBlockOpens;
            }
            if (c == '}') {
                if (!words.empty()) return unexpected(c, *this);
                return End::kBlockCloses;
            }
            state.begin(c, at_ - 1);
            continue;
        }
        if (!state.ends_word(c)) continue;
        words.push_back(unescape(text_.substr(state.start, at_ - 1 - state.start)));
        if (state.need_blank) continue;
        if (c == ';') return End::kSemicolon;
        if (c == '{') return End::kBlockOpens;
    }
    bool inside = !words.empty() || !state.between || state.need_blank;
    return finish_file(inside, state.between ? at_ : state.start, state.quote, state.start_line);
}

Result<End> Lexer::finish_file(bool inside, std::size_t start, char quote, unsigned start_line) {
    if (at_ - start > kLongest) {
        line_ = start_line;
        if (quote)
            return Error{std::string("too long parameter, probably missing terminating \"") + quote + "\" character" +
                         place()};
        return Error{"too long parameter \"" + std::string(text_.substr(start, 10)) + "...\" started" + place()};
    }
    if (!inside) return End::kFile;
    if (name_.empty()) return Error{"unexpected end of parameter, expecting \";\"" + place()};
    return Error{"unexpected end of file, expecting \";\" or \"}\"" + place()};
}

}  // namespace bext::conf
