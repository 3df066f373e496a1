#include "cli/help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/json.h"
#include "base/text.h"

namespace bext::cli {
namespace {

constexpr std::size_t kWidth = 80;

std::string heading(std::string_view text, bool bold) { return cat({bold ? "\033[1m" : "", text, bold ? "\033[0m" : "", "\n"}); }

/// `text` in lines of at most kWidth, each after `indent` blanks; the first line has `first` in front, in that room when it fits.
std::string wrapped(std::string_view text, std::size_t indent, std::string_view first = "") {
    std::string out, line(first);
    if (!first.empty() && line.size() + 2 > indent) {
        out = line + "\n";
        line.clear();
    }
    line.resize(std::max(line.size(), indent), ' ');
    auto end_line = [&] {
        while (line.ends_with(' ')) line.pop_back();
        out += line + "\n";
        line.assign(indent, ' ');
    };
    for (auto paragraph : split(text, '\n')) {
        for (auto word : split(paragraph, ' ')) {
            if (line.size() > indent && line.size() + word.size() + 1 > kWidth) end_line();
            if (line.size() > indent) line += ' ';
            line += word;
        }
        end_line();
    }
    return out;
}

std::string with_value(const Flag& flag) {
    auto text = typed(flag);
    if (flag.takes_value()) text += cat({" ", flag.value});
    return text;
}

std::string sentence_of(const Flag& flag) { return cat({flag.text, flag.standard.empty() ? "" : " (default: ", flag.standard, flag.standard.empty() ? "" : ")"}); }

std::string json_of(const Flag& flag) {
    return cat({"{\"typed\":", json_text(typed(flag)), ",\"value\":", json_text(flag.takes_value() ? flag.value : ""), ",\"file\":",
                flag.kind == Kind::kFile ? "true" : "false", ",\"default\":", json_text(flag.standard), ",\"text\":", json_text(flag.text), "}"});
}

template <class All, class One>
std::string json_list(const All& all, One one) {
    std::string text = "[";
    for (auto& each : all) text += (text.size() > 1 ? "," : "") + one(each);
    return text + "]";
}

std::string json_of(const Program& program, const Command& command) {
    return cat({"{\"words\":", json_text(command.words), ",\"group\":", json_text(command.group), ",\"summary\":", json_text(command.summary),
                ",\"usage\":", json_text(usage_of(program, command)), ",\"text\":", json_text(command.text), ",\"flags\":",
                json_list(command.flags, [](auto* flag) { return json_of(*flag); }), ",\"examples\":",
                json_list(command.examples, [](auto& one) { return cat({"{\"line\":", json_text(one.line), ",\"text\":", json_text(one.text), "}"}); }),
                ",\"statuses\":", json_list(command.statuses, [](auto& one) {
                    return cat({"{\"number\":", std::to_string(one.number), ",\"text\":", json_text(one.text), "}"});
                }), "}"});
}

int wrong(const Program& program, const Error& error) {
    auto text = cat({error.text, "\n\"", program.name, " help\" lists the commands, \"", program.name, " help COMMAND\" tells all about one.\n"});
    fputs(text.c_str(), stderr);
    return 2;
}

/// The commands that begin with `topic`, a line each below the headings.
std::string list_of(const Program& program, const std::string& topic, std::size_t room, bool bold) {
    std::string text;
    std::string_view group;
    for (auto& command : program.commands) {
        if (command.group.empty() || !command.words.starts_with(topic)) continue;
        if (command.group != group) text += (text.empty() ? "" : "\n") + heading(group = command.group, bold);
        text += wrapped(command.summary, room, cat({"  ", command.words}));
    }
    return text;
}

std::size_t room_of(const Program& program) {
    std::size_t widest = 0;
    for (auto& command : program.commands)
        if (!command.group.empty()) widest = std::max(widest, command.words.size());
    return widest + 4;
}

/// What goes together on one line.
std::string usage_in_lines(const Program& program, const Command& command) {
    auto line = cat({"  ", program.name, " ", command.words}), text = std::string();
    for (auto* flag : command.flags) {
        auto part = cat({"[", with_value(*flag), "]"});
        if (line.size() + 1 + part.size() > kWidth) {
            text += line + "\n";
            line = std::string(6, ' ') + part;
        } else {
            line += " " + part;
        }
    }
    return text + line + "\n";
}

}  // namespace

bool may_colour(int descriptor) {
    const char* none = getenv("NO_COLOR");
    const char* terminal = getenv("TERM");
    return isatty(descriptor) && (!none || !*none) && terminal && std::string_view(terminal) != "dumb";
}

std::string usage_of(const Program& program, const Command& command) {
    auto text = cat({program.name, " ", command.words});
    for (auto* flag : command.flags) text += cat({" [", with_value(*flag), "]"});
    return text;
}

std::string overview(const Program& program, bool bold) {
    auto text = wrapped(program.line, 0) + "\n" + heading("Usage", bold) + cat({"  ", program.name, " COMMAND [FLAG...]\n"});
    auto room = room_of(program);
    text += "\n" + list_of(program, "", room, bold) + "\n" + heading("Help", bold);
    text += wrapped("all about one command", room, cat({"  ", "help COMMAND"})) + wrapped("the same", room, "  COMMAND --help");
    return text + wrapped("this list", room, "  -h, --help") + wrapped("the version", room, "  -v, --version") + "\n" + wrapped(program.more, 0);
}

std::string help_of(const Program& program, const Command& command, bool bold) {
    constexpr std::size_t kRoom = 26;
    if (command.group.empty()) return cat({usage_of(program, command), "\n  Another program of bext's calls this.\n"});
    auto text = wrapped(cat({program.name, " ", command.words, ": ", command.summary}), 0) + "\n" + heading("Usage", bold);
    text += usage_in_lines(program, command) + "\n";
    text += wrapped(command.text, 0) + "\n" + heading("Flags", bold);
    for (auto* flag : command.flags) text += wrapped(sentence_of(*flag), kRoom, "  " + with_value(*flag));
    text += wrapped(kHelpFlag.text, kRoom, "  -h, --help") + "\n" + heading("Examples", bold);
    for (auto& example : command.examples) text += cat({"  ", example.line, "\n"}) + wrapped(example.text, 6);
    text += "\n" + heading("Exit status", bold);
    for (auto& status : command.statuses) text += wrapped(status.text, 5, "  " + std::to_string(status.number));
    return text;
}

std::string manual_json(const Program& program) {
    std::vector<const Command*> shown;
    for (auto& command : program.commands)
        if (!command.group.empty()) shown.push_back(&command);
    return cat({"{\"name\":", json_text(program.name), ",\"line\":", json_text(program.line), ",\"commands\":",
                json_list(shown, [&](auto* command) { return json_of(program, *command); }), "}\n"});
}

std::optional<int> begin(const Program& program, int argc, const char* const* argv, Invocation& to) {
    if (argc == 3 && std::string_view(argv[1]) == "help" && std::string_view(argv[2]) == "--json") {
        fputs(manual_json(program).c_str(), stdout);
        return written(program, 0);
    }
    auto read = read_words(program, argc, argv);
    if (!read) return wrong(program, read.error());
    to = *std::move(read);
    bool bold = may_colour(STDOUT_FILENO);
    if (to.version && !to.help) {
        printf("%s version %s\n", std::string(program.name).c_str(), BEXT_VERSION);
    } else if (to.help || !to.command) {
        auto text = to.command ? help_of(program, *to.command, bold) : to.topic.empty() ? overview(program, bold) : list_of(program, to.topic + " ", room_of(program), bold);
        fputs(text.c_str(), stdout);
    } else {
        return std::nullopt;
    }
    return written(program, 0);
}

int written(const Program& program, int status) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    fprintf(stderr, "%s: the output could not be written: %s\n", std::string(program.name).c_str(), strerror(errno));
    return status ? status : 1;
}

}  // namespace bext::cli
