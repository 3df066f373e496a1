#include "conf/reader.h"

#include <algorithm>

namespace bext::conf {
namespace {

constexpr std::size_t kMostArguments = 8;  // directives without "or more" take at most seven
constexpr int kDeepestInclude = 100;       // beyond it a file includes itself

bool right_number(std::uint32_t takes, std::size_t words) {
    std::size_t arguments = words - 1;
    if (takes & kAnyNumber) return true;
    if (takes & kFlag) return arguments == 1;
    if (takes & kOneOrMore) return arguments >= 1;
    if (takes & kTwoOrMore) return arguments >= 2;
    return words <= kMostArguments && (takes & (1u << arguments));
}

Refusal complete(const Error& error) { return {error.text, Refusal::Kind::kComplete}; }

/// Points the reader at an inner lexer while a file is included.
class Inside {
public:
    Inside(Lexer*& slot, Lexer& inner) : slot_(slot), outer_(slot) { slot = &inner; }
    ~Inside() { slot_ = outer_; }

private:
    Lexer*& slot_;
    Lexer* outer_;
};

}  // namespace

std::string Reader::message(const Refusal& refusal, std::string_view name) const {
    std::string place = lexer_ ? lexer_->place() : "";
    switch (refusal.kind) {
        case Refusal::Kind::kAboutDirective: return cat({"\"", name, "\" directive ", refusal.text, place});
        case Refusal::Kind::kMessage: return cat({refusal.text, place});
        case Refusal::Kind::kComplete: break;
    }
    return refusal.text;
}

Result<> Reader::read_command_line(const std::string& directives, Block& main) {
    Lexer lexer("", directives);
    Inside inside(lexer_, lexer);
    if (auto bad = read_directives(lexer, main, kMain, false)) return Error{bad->text};
    return {};
}

Result<> Reader::read_file(Block& main) {
    auto bad = read_path(paths_.conf_file, [&](Lexer& lexer) { return read_directives(lexer, main, kMain, false); });
    if (bad) return Error{bad->text};
    return {};
}

Status Reader::read_path(const std::string& path, const std::function<Status(Lexer&)>& body) {
    if (depth_ >= kDeepestInclude)
        return Refusal{cat({"too many nested includes, the last one is \"", path, "\"", lexer_->place()}),
                       Refusal::Kind::kComplete};
    auto text = files_.read(path);
    if (!text) {  // nginx says where a file was asked for, but not where one that it could open failed
        auto& why = text.error().text;
        return Refusal{why.starts_with("[") || !lexer_ ? why : why + lexer_->place(), Refusal::Kind::kComplete};
    }
    if (std::find(dumped_.begin(), dumped_.end(), path) == dumped_.end()) dumped_.push_back(path);
    Lexer lexer(path, *text);
    Inside inside(lexer_, lexer);
    ++depth_;
    auto status = body(lexer);
    --depth_;
    return status;
}

Status Reader::read_directives(Lexer& lexer, Block& block, std::uint32_t context, bool nested) {
    std::vector<std::string> words;
    for (;;) {
        auto end = lexer.next(words);
        if (!end) return complete(end.error());
        if (*end == End::kBlockCloses) {
            if (nested) return ok();
            return Refusal{cat({"unexpected \"}\"", lexer.place()}), Refusal::Kind::kComplete};
        }
        if (*end == End::kFile) {
            if (!nested) return ok();
            return Refusal{cat({"unexpected end of file, expecting \"}\"", lexer.place()}), Refusal::Kind::kComplete};
        }
        if (*end == End::kBlockOpens && lexer.name().empty())
            return Refusal{cat({"block directives are not supported in -g option", lexer.place()}), Refusal::Kind::kComplete};
        if (auto bad = apply(block, context, words, *end)) return bad;
    }
}

Status Reader::apply(Block& block, std::uint32_t context, const std::vector<std::string>& words, End end) {
    auto candidates = registry_.find(words[0]);
    Cursor at(*this, block, context);
    at.args_ = &words;
    for (auto* directive : candidates) {
        if (!(directive->where & context)) continue;
        auto bad = apply_one(*directive, at, end);
        if (!bad) return ok();
        return Refusal{message(*bad, words[0]), Refusal::Kind::kComplete};
    }
    std::string text;
    if (!candidates.empty())
        text = cat({"\"", words[0], "\" directive is not allowed here"});
    else if (hooks_.refusal)
        text = hooks_.refusal(words[0]);
    if (text.empty())
        text = cat({"unknown directive \"", words[0], "\""});
    return Refusal{text + lexer_->place(), Refusal::Kind::kComplete};
}

Status Reader::apply_one(const Directive& directive, Cursor& at, End end) {
    if (!(directive.takes & kBlock) && end != End::kSemicolon)
        return refuse(cat({"directive \"", at.name(), "\" is not terminated by \";\""}));
    if (directive.takes & kBlock && end != End::kBlockOpens)
        return refuse(cat({"directive \"", at.name(), "\" has no opening \"{\""}));
    if (!right_number(directive.takes, at.count()))
        return refuse(cat({"invalid number of arguments in \"", at.name(), "\" directive"}));
    void* own = nullptr;
    if (directive.action.record) {
        own = at.block().own(*directive.action.record);
        used_.insert(directive.action.record);
    }
    return directive.action.set(at, own);
}

Status Reader::include(Cursor& at, const std::string& path) {
    return read_path(path, [&](Lexer& lexer) { return read_directives(lexer, at.block(), at.context(), false); });
}

Status Reader::read_entries(Lexer& lexer, const Entries& entry, bool nested) {
    std::vector<std::string> words;
    for (;;) {
        auto end = lexer.next(words);
        if (!end) return complete(end.error());
        if (*end == End::kBlockCloses || *end == End::kFile) {
            if (nested == (*end == End::kBlockCloses)) return ok();
            auto what = nested ? "unexpected end of file, expecting \"}\"" : "unexpected \"}\"";
            return Refusal{cat({what, lexer.place()}), Refusal::Kind::kComplete};
        }
        if (*end == End::kBlockOpens)
            return Refusal{cat({"unexpected \"{\"", lexer.place()}), Refusal::Kind::kComplete};
        Status bad;
        if (words[0] == "include" && words.size() == 2) {
            auto pattern = absolute_path(paths_.conf_prefix, words[1]);
            std::vector<std::string> paths{pattern};
            if (pattern.find_first_of("*?[") != std::string::npos) {
                auto found = files_.glob(pattern);
                if (!found) return Refusal{found.error().text + lexer.place(), Refusal::Kind::kComplete};
                paths = *found;
            }
            for (auto& path : paths)
                if ((bad = read_path(path, [&](Lexer& inner) { return read_entries(inner, entry, false); }))) return bad;
            continue;
        }
        if ((bad = entry(words))) return Refusal{message(*bad, words[0]), Refusal::Kind::kComplete};
    }
}

Status Cursor::read_block(Block& inner, std::uint32_t context) {
    return reader_.read_directives(*reader_.lexer_, inner, context, true);
}

Status Cursor::read_entries(const std::function<Status(const std::vector<std::string>&)>& entry) {
    return reader_.read_entries(*reader_.lexer_, entry, true);
}

Files& Cursor::files() const { return reader_.files_; }
std::string Cursor::conf_path(std::string_view path) const { return absolute_path(reader_.paths_.conf_prefix, path); }
std::string Cursor::full_path(std::string_view path) const { return absolute_path(reader_.paths_.prefix, path); }
std::string Cursor::place() const { return reader_.lexer_ ? reader_.lexer_->place() : ""; }
void* Cursor::owner_pointer() const { return reader_.owner_; }
void Cursor::warn(std::string text) const {
    if (reader_.hooks_.log) reader_.hooks_.log("[warn] " + text + place());
}

void Cursor::note(std::string_view level, std::string_view text) const {
    if (reader_.hooks_.log) reader_.hooks_.log(cat({level, text, place()}));
}
void Cursor::warn_plain(std::string text) const {
    if (reader_.hooks_.log) reader_.hooks_.log("[warn] " + text);
}

/// `include`: allowed in every context.
Status include_directive(Cursor& at) {
    auto pattern = at.conf_path(at.arg(1));
    if (pattern.find_first_of("*?[") == std::string::npos) return at.include(pattern);
    auto found = at.files().glob(pattern);
    if (!found) return refuse(found.error().text);
    for (auto& path : *found)
        if (auto bad = at.include(path)) return bad;
    return ok();
}

Status Cursor::include(const std::string& path) { return reader_.include(*this, path); }

}  // namespace bext::conf
