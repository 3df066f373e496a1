// Variables of a request: evaluated when first asked for, kept when their module says so.
#include "http/request.h"
#include "http/site.h"

namespace bext::http {

const Variable* builtin_variable(std::string_view name) {
    for (auto* module : modules())
        for (auto& variable : module->variables)
            if (variable.name == name) return &variable;
    return nullptr;
}

const Variable* prefix_variable(std::string_view name) {
    const Variable* best = nullptr;
    for (auto* module : modules())
        for (auto& variable : module->variables)
            if (variable.name.ends_with('_') && name.size() > variable.name.size() && name.starts_with(variable.name) &&
                (!best || variable.name.size() > best->name.size()))
                best = &variable;
    return best;
}

std::optional<std::string_view> Request::variable(std::uint32_t number) {
    auto& slot = site->variables[number];
    auto& value = values()[number];
    switch (value.state) {
        case Value::State::kFound: return value.text;
        case Value::State::kMissing: return std::nullopt;
        case Value::State::kBusy:
            log(Level::kError, arena.cat({"cycle while evaluating variable \"", slot.name, "\""}));
            return std::nullopt;
        case Value::State::kUnknown: break;
    }
    value.state = Value::State::kBusy;
    auto failures = main.regex_failures_;
    auto found = slot.get(*this);
    if (values()[number].state != Value::State::kBusy) return variable(number);  // set while it was evaluated
    value.state = Value::State::kUnknown;
    if (slot.cached && failures == main.regex_failures_) {
        value.state = found ? Value::State::kFound : Value::State::kMissing;
        if (found) value.text = *found;
    }
    return found;
}

std::optional<std::string_view> Request::variable(std::string_view name) {
    auto& numbers = site->variable_numbers;
    auto at = numbers.find(name);
    if (at != numbers.end()) return variable(at->second);
    if (auto* found = builtin_variable(name)) return found->get(*this, {});
    if (auto* found = prefix_variable(name)) return found->get(*this, name.substr(found->name.size()));
    return std::nullopt;
}

void Request::set_variable(std::uint32_t number, std::optional<std::string_view> value) {
    auto& slot = site->variables[number];
    if (slot.set) return slot.set(*this, value.value_or(std::string_view()));
    auto& own = values()[number];
    own.state = value ? Value::State::kFound : Value::State::kMissing;
    if (value) own.text = *value;
}

void Request::cannot_decide(const Regex& regex, int rc, std::string_view subject) {
    log(Level::kAlert, regex.failure(rc, subject));
    ++main.regex_failures_;
    if (undecided_ == Undecided::kNo) undecided_ = Undecided::kYes;
}

bool Request::test(const Regex& regex, std::string_view subject) {
    int rc = regex.test(subject);
    if (rc < 0) cannot_decide(regex, rc, subject);
    return rc > 0;
}

bool Request::match(const Regex& regex, std::string_view subject) {
    int rc = regex.match(subject, arena, captures);
    if (rc < 0) cannot_decide(regex, rc, subject);
    if (rc <= 0) return false;
    for (auto& named : regex.named()) {
        auto& numbers = site->variable_numbers;
        auto at = numbers.find(named.name);
        if (at == numbers.end()) continue;
        auto& value = values()[at->second];
        value.state = Value::State::kFound;
        value.text = captures[named.number];
    }
    return true;
}

}  // namespace bext::http
