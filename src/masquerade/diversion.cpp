#include "masquerade/diversion.h"

#include "base/program.h"
#include "base/text.h"
#include "masquerade/files.h"

namespace bext::masquerade {
namespace {

constexpr int kTime = 60'000;  // ms
constexpr const char* kDivert = "/usr/bin/dpkg-divert";

Result<> divert(const Settings& settings, const char* how) {
    auto done = run_good({kDivert, "--quiet", "--package", kPackage, "--no-rename", "--divert", settings.real_bin(), how, settings.shim_bin}, kTime);
    if (!done) return done.error();
    return {};
}

Result<State> check_shim(const Settings& settings) {
    auto wanted = read_file(settings.shim_source), there = read_file(settings.shim_bin);
    if (!wanted || !there) return wanted ? there.error() : wanted.error();
    bool shim = *there && is_shim(**there);
    if (shim) return *wanted && **wanted == **there ? State::kDone : State::kPartly;
    return same_file(settings.shim_bin, settings.real_bin()) ? State::kPartly : State::kAbsent;
}

Result<> put_shim(const Settings& settings) {
    auto shim = read_file(settings.shim_source);
    if (!shim) return shim.error();
    if (!*shim) return Error{"there is no \"" + settings.shim_source + "\""};
    if (!is_shim_file(settings.shim_bin) && exists(settings.shim_bin))
        if (auto linked = link_file(settings.shim_bin, settings.real_bin()); !linked) return linked;
    if (auto named = point_to(settings.real_bin(), settings.named_nginx()); !named) return named;
    if (auto go = failpoint("shim-linked"); !go) return go;
    return replace_file(settings.shim_bin, **shim, 0755);
}

Result<> remove_shim(const Settings& settings) {
    auto real = settings.real_bin();
    if (auto removed = remove_file(settings.named_nginx()); !removed) return removed.error();
    if (is_shim_file(settings.shim_bin)) {
        if (exists(real)) return move_file(real, settings.shim_bin);
        auto removed = remove_file(settings.shim_bin);  // nginx's package is gone, or was never there
        return removed ? Result<>() : removed.error();
    }
    if (!same_file(settings.shim_bin, real)) return {};
    auto removed = remove_file(real);
    return removed ? Result<>() : removed.error();
}

}  // namespace

bool is_shim(std::string_view program) { return program.find("bext-nginx-shim: stands in for nginx") != std::string_view::npos; }

bool is_shim_file(const std::string& path) {
    auto content = read_file(path);
    return content && *content && is_shim(**content);
}

Result<std::string> diverted_by(const Settings& settings) {
    if (!exists(kDivert)) return std::string();
    auto listed = run_good({kDivert, "--listpackage", settings.shim_bin}, kTime);
    if (!listed) return listed.error();
    return std::string(trim(listed->out, "\n"));
}

Step diversion_step(const Settings& settings) {
    Step step;
    step.name = "diversion";
    step.does = "dpkg puts nginx's " + settings.shim_bin + " at " + settings.real_bin();
    step.undoes = "dpkg puts nginx at " + settings.shim_bin;
    if (!exists(kDivert)) step.does = step.undoes = "there is no dpkg to be told";
    step.check = [settings]() -> Result<State> {
        auto owner = diverted_by(settings);
        if (!owner) return owner.error();
        return *owner == kPackage ? State::kDone : State::kAbsent;
    };
    if (!exists(kDivert)) step.check = [] { return State::kDone; };
    step.apply = [settings](Journal&) { return divert(settings, "--add"); };
    step.undo = [settings](Journal&) -> Result<> {
        auto owner = diverted_by(settings);
        if (!owner) return owner.error();
        return *owner == kPackage ? divert(settings, "--remove") : Result<>();
    };
    return step;
}

Step shim_step(const Settings& settings) {
    Step step;
    step.name = "shim";
    step.does = "the shim stands at " + settings.shim_bin + ", nginx at " + settings.real_bin();
    step.undoes = "nginx stands at " + settings.shim_bin;
    step.check = [settings] { return check_shim(settings); };
    step.apply = [settings](Journal&) { return put_shim(settings); };
    step.undo = [settings](Journal&) { return remove_shim(settings); };
    return step;
}

}  // namespace bext::masquerade
