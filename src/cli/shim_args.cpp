#include "cli/shim_args.h"

#include <array>
#include <string_view>

namespace bext::cli {
namespace {

/// The options that take a value, where it goes, and what nginx says when it is missing.
struct Valued {
    char letter;
    std::optional<std::string> ShimArgs::*value;
    std::string_view missing;
};

constexpr std::array kValued = {
    Valued{'p', &ShimArgs::prefix, "option \"-p\" requires directory name"},
    Valued{'e', &ShimArgs::error_log, "option \"-e\" requires file name"},
    Valued{'c', &ShimArgs::conf, "option \"-c\" requires file name"},
    Valued{'g', &ShimArgs::directives, "option \"-g\" requires parameter"},
    Valued{'s', &ShimArgs::signal, "option \"-s\" requires parameter"},
};

bool set_flag(ShimArgs& args, char letter) {
    switch (letter) {
        case '?':
        case 'h': args.show_version = args.show_help = true; return true;
        case 'v': args.show_version = true; return true;
        case 'V': args.show_version = args.show_configure = true; return true;
        case 't': args.test = true; return true;
        case 'T': args.test = args.dump = true; return true;
        case 'q': args.quiet = true; return true;
        default: return false;
    }
}

const Valued* valued(char letter) {
    for (const auto& one : kValued)
        if (one.letter == letter) return &one;
    return nullptr;
}

Result<> check_value(ShimArgs& args, const Valued& option) {
    auto& value = *(args.*option.value);
    if (option.letter == 'e' && value == "stderr") value.clear();
    bool known = option.letter != 's' || value == "stop" || value == "quit" || value == "reopen" || value == "reload";
    if (!known) return Error{"invalid option: \"-s " + value + "\""};
    return {};
}

}  // namespace

Result<ShimArgs> parse_shim_args(int argc, const char* const* argv) {
    ShimArgs args;
    for (int i = 1; i < argc; ++i) {
        std::string_view word = argv[i];
        if (word.empty() || word[0] != '-') return Error{"invalid option: \"" + std::string(word) + "\""};
        for (std::size_t at = 1; at < word.size(); ++at) {
            if (set_flag(args, word[at])) continue;
            const auto* option = valued(word[at]);
            if (!option) return Error{"invalid option: \"" + std::string(1, word[at]) + "\""};
            // The value is the rest of the word, or else the whole next one, whatever it looks like.
            auto rest = word.substr(at + 1);
            if (rest.empty() && i + 1 >= argc) return Error{std::string(option->missing)};
            args.*option->value = rest.empty() ? std::string(argv[++i]) : std::string(rest);
            if (auto good = check_value(args, *option); !good) return good.error();
            break;
        }
    }
    return args;
}

}  // namespace bext::cli
