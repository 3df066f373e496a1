// Builder: variables by name: built-in ones from the modules' tables, prefixes ($http_ …), and those that directives define.
#include "http/builder.h"
#include "http/core_conf.h"

namespace bext::http {

std::uint32_t Builder::variable(std::string_view name) {
    std::string low = lower(name);
    auto at = site->variable_numbers.find(low);
    if (at != site->variable_numbers.end()) return at->second;
    auto number = static_cast<std::uint32_t>(site->variables.size());
    site->variables.emplace_back();
    site->variables.back().name = low;
    site->variable_numbers.emplace(std::move(low), number);
    return number;
}

Result<Site::VariableSlot*> Builder::define(std::string_view name,
                                            std::function<std::optional<std::string_view>(Request&)> get, bool cached) {
    auto* known = builtin_variable(lower(name));
    if (known && !known->changeable && !known->set) return Error{cat({"the duplicate \"", name, "\" variable"})};
    auto& slot = site->variables[variable(name)];
    if (known && known->set) {
        define_builtin(slot);
        return &slot;
    }
    slot.get = std::move(get);
    slot.cached = cached;
    slot.defined = true;
    slot.changeable = true;
    return &slot;
}

bool Builder::define_builtin(Site::VariableSlot& slot) {
    const Variable* found = builtin_variable(slot.name);
    std::string rest;
    if (!found && (found = prefix_variable(slot.name))) rest = slot.name.substr(found->name.size());
    if (!found) return false;
    slot.get = [get = found->get, rest](Request& r) { return get(r, rest); };
    slot.cached = found->cached;
    slot.set = found->set;
    slot.defined = true;
    return true;
}

Result<std::shared_ptr<const Regex>> Builder::regex(const conf::Cursor& at, const std::string& pattern, bool ignore_case) {
    auto compiled = Regex::compile(pattern, ignore_case, at.place());
    if (!compiled) return compiled.error();
    for (auto& named : (*compiled)->named()) {
        auto& slot = site->variables[variable(named.name)];
        if (slot.defined) continue;
        slot.get = [](Request&) -> std::optional<std::string_view> { return std::nullopt; };
        slot.defined = slot.changeable = true;
    }
    return *compiled;
}

conf::Status Builder::finish_variables() {
    for (auto& slot : site->variables)
        if (!slot.defined && !define_builtin(slot))
            return conf::Refusal{cat({"unknown \"", slot.name, "\" variable"}), conf::Refusal::Kind::kComplete};
    auto& hashes = *static_cast<Hashes*>(site->main->records()[*conf::record<Hashes>.slot]);
    std::vector<std::string_view> names{"connections_active"};  // nginx's table is never empty
    for (auto& slot : site->variables)
        if (slot.changeable) names.push_back(slot.name);
    return conf::check_hash(conf::hash_limits("variables_hash", hashes.variables_max_size, hashes.variables_bucket_size), names);
}

}  // namespace bext::http
