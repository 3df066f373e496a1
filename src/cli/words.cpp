#include "cli/words.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace bext::cli {
namespace {

/// How many letters have to be put in, left out, changed or exchanged with their neighbour. (Damerau-Levenshtein)
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (!i || !j) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[a.size()][b.size()];
}

std::string in_quotes(std::string_view text) { return cat({"\"", text, "\""}); }

std::string meant(const std::string& near) { return near.empty() ? "" : "; did you mean " + near + "?"; }

std::string joined(const std::vector<std::string>& words, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count && i < words.size(); ++i) text += (i ? " " : "") + words[i];
    return text;
}

/// What was typed, apart into words and flags.
struct Typed {
    std::vector<std::string> words;
    std::vector<std::pair<const Flag*, std::string>> flags;
    bool help = false, version = false;
};

class Reader {
public:
    Reader(const Program& program, int argc, const char* const* argv) : program_(program), given_(argv + 1, argv + std::max(argc, 1)) {
        for (auto& command : program.commands) known_.insert(known_.end(), command.flags.begin(), command.flags.end());
    }

    Result<Invocation> read() {
        while (at_ < given_.size())
            if (auto taken = take(); !taken) return taken.error();
        Invocation invocation;
        invocation.help = typed_.help;
        invocation.version = typed_.version;
        if (auto found = find_command(invocation); !found) return found.error();
        if (!invocation.command) {
            for (auto& [flag, value] : typed_.flags) return unknown(typed(*flag), nullptr);
            return invocation;
        }
        for (auto& [flag, value] : typed_.flags) {
            auto& own = invocation.command->flags;
            // Flags of one name may mean different things to different commands.
            auto mine = std::find_if(own.begin(), own.end(), [flag = flag](auto* one) { return one->name == flag->name; });
            if (mine == own.end()) return unknown(typed(*flag), invocation.command);
            if (auto good = check(**mine, value); !good) return good.error();
            invocation.values[std::string((*mine)->name)] = value;
        }
        return invocation;
    }

private:
    Result<> take() {
        std::string_view word = given_[at_++];
        if (word.size() < 2 || word[0] != '-') {
            typed_.words.emplace_back(word);
            return {};
        }
        if (word == "-h" || word == "-?" || word == "--help" || word == "-help") typed_.help = true;
        else if (word == "-v" || word == "--version" || word == "-version") typed_.version = true;
        else if (is_command(word)) typed_.words.insert(typed_.words.begin() + (!typed_.words.empty() && typed_.words.front() == "help"), spelled(word));
        else return take_flag(word);
        return {};
    }

    /// With dashes in the place of underscores, up to a value.
    static std::string spelled(std::string_view word) {
        std::string text(word.substr(0, word.find('=')));
        std::replace(text.begin(), text.end(), '_', '-');
        return text;
    }

    bool is_command(std::string_view word) const {
        return std::any_of(program_.commands.begin(), program_.commands.end(), [&](auto& one) { return one.words == spelled(word); });
    }

    /// The flag that `name` spells; `on` is what it makes of a flag without a value.
    const Flag* find(std::string_view name, bool& on) const {
        for (bool negated : {false, true}) {
            auto rest = name;
            if (negated && !rest.starts_with("no")) break;
            if (negated) rest.remove_prefix(rest.starts_with("no-") ? 3 : 2);
            for (auto* flag : known_)
                if (flag->name == rest && (!negated || !flag->takes_value())) {
                    on = !negated;
                    return flag;
                }
        }
        return nullptr;
    }

    Result<> take_flag(std::string_view word) {
        bool one_dash = word[1] != '-';
        auto equals = word.find('=');
        auto name = spelled(word).substr(one_dash ? 1 : 2);
        bool on = true;
        auto* flag = find(name, on);
        std::optional<std::string> value;
        if (equals != std::string_view::npos) value = word.substr(equals + 1);
        if (!flag && one_dash && name.size() > 1 && (flag = find(name.substr(0, 1), on)) && flag->takes_value()) value = word.substr(2);
        if (!flag || (one_dash && name.size() == 1 && flag->name.size() != 1)) return unknown(std::string(word.substr(0, equals)), command_so_far());
        if (!flag->takes_value()) {
            if (value && *value != "true" && *value != "false" && *value != "1" && *value != "0")
                return Error{cat({program_.name, ": ", typed(*flag), " takes no value, or true or false, not ", in_quotes(*value)})};
            bool yes = !value || *value == "true" || *value == "1";
            value = on == yes ? "true" : "false";
        } else if (!value) {
            bool ignored = true;
            bool flag_follows = at_ < given_.size() && given_[at_].starts_with("--") && find(spelled(given_[at_]).substr(2), ignored);
            if (at_ == given_.size() || flag_follows) return Error{cat({program_.name, ": ", typed(*flag), " needs a value: ", typed(*flag), " ", flag->value})};
            value = given_[at_++];
        }
        typed_.flags.emplace_back(flag, *std::move(value));
        return {};
    }

    Result<> check(const Flag& flag, const std::string& value) const {
        if (flag.takes_value() && value.empty()) return Error{cat({program_.name, ": ", typed(flag), " needs a value: ", typed(flag), " ", flag.value})};
        if (flag.kind != Kind::kNumber) return {};
        auto number = parse_decimal(value);
        if (number && *number >= static_cast<std::uint64_t>(flag.least) && *number <= static_cast<std::uint64_t>(flag.most)) return {};
        return Error{cat({program_.name, ": ", typed(flag), " takes a number from ", std::to_string(flag.least), " to ", std::to_string(flag.most), ", not ", in_quotes(value)})};
    }

    const Command* command_of(std::string_view words) const {
        for (auto& command : program_.commands)
            if (command.words == words) return &command;
        return nullptr;
    }

    const Command* command_so_far() const {
        for (auto count = typed_.words.size(); count > 0; --count)
            if (auto* command = command_of(joined(typed_.words, count))) return command;
        return nullptr;
    }

    Error unknown(const std::string& flag, const Command* command) const {
        std::vector<std::string> names{"--help", "--version"};
        auto add = [&](auto& flags) {
            for (auto* one : flags) names.push_back(typed(*one));
        };
        command ? add(command->flags) : add(known_);
        auto who = command ? cat({program_.name, " ", command->words}) : std::string(program_.name);
        return Error{cat({who, ": there is no flag ", in_quotes(flag), meant(nearest(flag, names))})};
    }

    Result<> find_command(Invocation& invocation) {
        auto words = typed_.words;
        if (!words.empty() && words.front() == "help") {
            invocation.help = true;
            words.erase(words.begin());
        }
        if (words.size() == 1 && words.front() == "version") {
            invocation.version = true;
            words.clear();
        }
        if (words.empty()) return {};
        for (auto count = words.size(); count > 0; --count) {
            auto* command = command_of(joined(words, count));
            if (!command) continue;
            invocation.command = command;
            if (count == words.size()) return {};
            auto hint = command->meant ? cat({"; did you mean ", typed(*command->meant), " ", words[count], "?"}) : std::string();
            return Error{cat({program_.name, " ", command->words, ": unknown word ", in_quotes(words[count]), hint})};
        }
        return no_command(words, invocation);
    }

    Result<> no_command(const std::vector<std::string>& words, Invocation& invocation) const {
        auto all = joined(words, words.size());
        std::vector<std::string> names, longer, tails;
        for (auto& command : program_.commands) {
            if (command.group.empty()) continue;
            names.emplace_back(command.words);
            names.emplace_back(command.words.substr(0, command.words.find(' ')));
            if (command.words.starts_with(all + " ")) longer.push_back(in_quotes(cat({program_.name, " ", command.words})));
            if (command.words.ends_with(" " + all)) tails.push_back(in_quotes(cat({program_.name, " ", command.words})));
        }
        if (!longer.empty()) {
            invocation.topic = all;
            if (invocation.help) return {};
            auto text = cat({program_.name, " ", all, ": that is not all of a command: "});
            for (auto& one : longer) text += (&one == &longer.front() ? "" : &one == &longer.back() ? " or " : ", ") + one;
            return Error{text};
        }
        auto near = tails.empty() ? nearest(all, names) : tails.front();
        if (near.empty()) near = nearest(words.front(), names);
        if (tails.empty() && !near.empty()) near = in_quotes(near);
        return Error{cat({program_.name, ": there is no command ", in_quotes(all), meant(near)})};
    }

    const Program& program_;
    std::vector<std::string_view> given_;
    std::vector<const Flag*> known_;
    std::size_t at_ = 0;
    Typed typed_;
};

}  // namespace

std::string typed(const Flag& flag) {
    if (flag.name.size() == 1) return cat({"-", flag.name});
    return cat({flag.kind == Kind::kOff ? "--no-" : "--", flag.name});
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
    std::string best;
    auto least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (auto& one : known)
        if (auto far = distance(word, one); far < least) {
            least = far;
            best = one;
        }
    return best;
}

Result<Invocation> read_words(const Program& program, int argc, const char* const* argv) { return Reader(program, argc, argv).read(); }

}  // namespace bext::cli
