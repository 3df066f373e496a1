// ssi, the filter: text goes through, commands are carried out in their places.
#include <unistd.h>

#include <algorithm>

#include "modules/http/ssi.h"

namespace bext::http::ssi {
namespace {

constexpr std::size_t kFileBuffer = 32768;

constexpr std::string_view kInclude[] = {"virtual", "file", "wait", "set", "stub"};
constexpr std::string_view kEcho[] = {"var", "default", "encoding"};
constexpr std::string_view kConfig[] = {"errmsg", "timefmt"};
constexpr std::string_view kSet[] = {"var", "value"};
constexpr std::string_view kExpression[] = {"expr"};
constexpr std::string_view kName[] = {"name"};

}  // namespace

const Filter::Command Filter::kCommands[] = {
    {.name = "include", .run = &Filter::include, .parameters = kInclude},
    {.name = "echo", .run = &Filter::echo, .parameters = kEcho, .mandatory = 1},
    {.name = "config", .run = &Filter::config, .parameters = kConfig},
    {.name = "set", .run = &Filter::set, .parameters = kSet, .mandatory = 2},
    {.name = "if", .run = &Filter::condition, .parameters = kExpression, .mandatory = 1},
    {.name = "elif", .run = &Filter::condition, .parameters = kExpression, .mandatory = 1, .conditional = 1},
    {.name = "else", .run = &Filter::otherwise, .parameters = {}, .conditional = 1},
    {.name = "endif", .run = &Filter::endif, .parameters = {}, .conditional = 2},
    {.name = "block", .run = &Filter::block, .parameters = kName, .mandatory = 1},
    {.name = "endblock", .run = &Filter::endblock, .parameters = {}, .ends_block = true},
};

Filter::Filter(Request& r, const Conf& conf)
    : r_(r),
      conf_(conf),
      shared_(Shared::of(r)),
      parser_(r.arena, conf.value_length->value),
      in_(r.arena),
      out_(r.arena),
      encoding_(Escape::kHtml),
      time_format_("%A, %d-%b-%Y %H:%M:%S %Z"),
      error_text_("[an error occurred while processing the directive]") {}

bool Filter::pass(Request&, Chain& chain, bool, bool) {
    for (auto& piece : chain) in_.push(piece);
    chain.clear();
    holding = waited_ && !waited_->done();
    if (holding) return true;
    if (waited_) take_waited();
    while (next_ < in_.size() && !waited_) {
        read(in_[next_]);
        if (r_.aborted) return false;
        if (in_[next_].size == 0) ++next_;
    }
    if (next_ == in_.size()) {
        in_.clear();
        next_ = 0;
    }
    holding = waited_;
    chain = out_;
    out_ = Chain(r_.arena);
    return true;
}

/// Reads a piece, whose size becomes what is left of it when a command has to wait.
void Filter::read(Piece& piece) {
    if (piece.is_place()) return static_cast<void>(out_.push(piece));
    if (piece.in_memory()) {
        auto used = read_bytes({piece.data, piece.size}, nullptr);
        piece.data += used;
        piece.size -= used;
        return;
    }
    static thread_local std::unique_ptr<char[]> buffer(new char[kFileBuffer]);
    while (piece.size && !waited_) {
        auto n = ::pread(piece.fd, buffer.get(), std::min<std::uint64_t>(piece.size, kFileBuffer), piece.offset);
        if (n <= 0) {
            r_.log(Level::kAlert, n < 0 ? "pread() failed" : "pread() read only 0 bytes: the file was truncated", n < 0 ? errno : 0);
            r_.aborted = true;
            return;
        }
        auto used = read_bytes({buffer.get(), static_cast<std::size_t>(n)}, &piece);
        piece.offset += static_cast<off_t>(used);
        piece.size -= used;
    }
}

/// Up to the end, or the command that has to wait. Returns the bytes used.
std::size_t Filter::read_bytes(std::string_view bytes, const Piece* file) {
    auto rest = bytes;
    while (!waited_) {
        switch (parser_.next(rest)) {
            case Parser::Event::kNothing: return bytes.size();
            case Parser::Event::kText: put_text(parser_.text(), bytes, file); break;
            case Parser::Event::kCommand:
                if (!obey()) put_error();
                break;
            case Parser::Event::kFault: r_.log(Level::kError, parser_.fault()); break;
            case Parser::Event::kError: put_error(); break;
        }
    }
    return bytes.size() - rest.size();
}

void Filter::put_text(std::string_view text, std::string_view bytes, const Piece* file) {
    if (!output_) {
        if (in_block_) shared_.blocks.back().text->push(Piece::memory(r_.main.arena.copy(text)));
        return;
    }
    bool inside = text.data() >= bytes.data() && text.data() < bytes.data() + bytes.size();
    if (!file || !inside) return static_cast<void>(out_.push(Piece::memory(text)));
    if (text.size() <= conf_.min_file_chunk->value) return static_cast<void>(out_.push(Piece::memory(r_.arena.copy(text))));
    out_.push(Piece::file(file->fd, file->offset + (text.data() - bytes.data()), text.size()));
}

void Filter::put_error() {
    if (!*conf_.silent_errors && !error_text_.empty()) out_.push(Piece::memory(error_text_));
}

bool Filter::complain(std::initializer_list<std::string_view> text) {
    r_.log(Level::kError, r_.arena.cat(text));
    return false;
}

/// Carries out the command that was read. False: an error (logged).
bool Filter::obey() {
    auto name = parser_.command();
    auto* end = std::end(kCommands);
    auto* command = std::find_if(std::begin(kCommands), end, [&](auto& c) { return c.name == name; });
    if (command == end) return !output_ || complain({"invalid SSI command: \"", name, "\""});
    if (!output_ && !command->ends_block) {
        if (in_block_) return quote_command(), true;
        if (!command->conditional) return true;
    }
    if (command->conditional && (conditional_ == 0 || conditional_ > command->conditional))
        return complain({"invalid context of SSI command: \"", name, "\""});
    if (parser_.parameters().size() > kMostParameters) return complain({"too many SSI command parameters: \"", name, "\""});
    Arguments arguments;
    return sort_arguments(*command, arguments) && (this->*command->run)(arguments);
}

bool Filter::sort_arguments(const Command& command, Arguments& arguments) {
    auto& known = command.parameters;
    for (auto& given : parser_.parameters()) {
        auto at = std::find(known.begin(), known.end(), given.name);
        if (at == known.end())
            return complain({"invalid parameter name: \"", given.name, "\" in \"", command.name, "\" SSI command"});
        auto& slot = arguments[at - known.begin()];
        if (slot.data()) return complain({"duplicate \"", given.name, "\" parameter in \"", command.name, "\" SSI command"});
        slot = given.value;
    }
    for (unsigned i = 0; i < command.mandatory; ++i)
        if (!arguments[i].data())
            return complain({"mandatory \"", known[i], "\" parameter is absent in \"", command.name, "\" SSI command"});
    return true;
}

/// A command inside of a block is kept as text, to be read when the block is used.
void Filter::quote_command() {
    auto& arena = r_.main.arena;
    std::string_view text = arena.cat({"<!--#", parser_.command()});
    for (auto& p : parser_.parameters()) text = arena.cat({text, " ", p.name, "=\"", p.value, "\""});
    shared_.blocks.back().text->push(Piece::memory(arena.cat({text, " -->"})));
}

/// The subrequest that was waited for has ended.
void Filter::take_waited() {
    auto& made = *std::exchange(waited_, nullptr);
    auto name = std::exchange(waited_variable_, {});
    if (name.data() && made.request.out.status < 300) shared_.set(name, made.text());
}

}  // namespace bext::http::ssi
