// The configuration: the lexer's tokens survive being written and read again, and reading a whole configuration twice gives
// the same verdict in the same words.
#include <cstdlib>

#include "conf/lexer.h"
#include "loader/configuration.h"

namespace {

using namespace bext;

/// Serves one text as nginx.conf and nothing else.
/// No name has an address.
class NoNames final : public net::Names {
    std::vector<net::Address> look_up(const std::string&) override { return {}; }
};

class OneFile final : public conf::Files {
public:
    explicit OneFile(std::string text) : text_(std::move(text)) {}
    Result<std::string_view> read(const std::string& path) override {
        if (path == "/fuzz/nginx.conf") return std::string_view(text_);
        return conf::as_read(path, {}, ENOENT);
    }
    Result<std::vector<std::string>> glob(const std::string&) override { return std::vector<std::string>(); }

private:
    std::string text_;
};

struct Token {
    std::vector<std::string> words;
    conf::End end;
    bool operator==(const Token&) const = default;
};

/// All directives, until the end or an error.
std::vector<Token> lex(std::string_view text, bool& good) {
    conf::Lexer lexer("f", text);
    std::vector<Token> out;
    good = true;
    for (;;) {
        Token token;
        auto end = lexer.next(token.words);
        if (!end) return good = false, out;
        token.end = *end;
        if (*end == conf::End::kFile) return out;
        out.push_back(std::move(token));
    }
}

/// A word in double quotes that reads back as itself.
std::string quoted(const std::string& word) {
    std::string out = "\"";
    for (char c : word) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string written(const std::vector<Token>& tokens) {
    std::string out;
    for (auto& token : tokens) {
        for (auto& word : token.words) out += quoted(word) + " ";
        out += token.end == conf::End::kSemicolon ? ";\n" : token.end == conf::End::kBlockOpens ? "{\n" : "}\n";
    }
    return out;
}

std::string verdict(const std::string& text) {
    OneFile files(text);
    NoNames names;
    loader::Source source;
    source.conf_file = "/fuzz/nginx.conf";
    source.prefix = "/fuzz/";
    std::string said;
    auto configuration = loader::read_configuration(source, files, names, [&](std::string line) { said += line + "\n"; });
    return said + (configuration ? "good" : configuration.error().text);
}

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string text(reinterpret_cast<const char*>(data), size);
    bool good;
    auto tokens = lex(text, good);
    bool lone_backslash = text.find('\\') != std::string::npos;  // "\n" and the like do not survive quoting
    if (good && !lone_backslash) {
        bool again;
        auto copy = lex(written(tokens), again);
        require(again && copy == tokens);
    }
    // Names would be looked up, and pipes or devices opened, by these.
    for (auto word : {"resolver", "syslog", "server ", "listen", "pass", "user", "include", "/dev", "/proc"})
        if (text.find(word) != std::string::npos) return 0;
    require(verdict(text) == verdict(text));
    return 0;
}
