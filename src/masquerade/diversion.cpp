#include "masquerade/diversion.h"

#include "base/program.h"
#include "base/text.h"
#include "masquerade/files.h"
#include "masquerade/process.h"

namespace bext::masquerade {
namespace {

constexpr const char* kDivert = "/usr/bin/dpkg-divert";

Result<> divert(const Settings& settings, const char* how) {
    auto done = run_good({kDivert, "--quiet", "--package", kPackage, "--no-rename", "--divert", settings.real_bin(), how, settings.shim_bin}, kProgramTime);
    if (!done) return done.error();
    return {};
}

Result<State> check_shim(const Settings& settings) {
    auto wanted = read_file(settings.shim_source), there = read_file(settings.shim_bin);
    if (!wanted || !there) return wanted ? there.error() : wanted.error();
    auto real = settings.real_bin();
    if (!*there || !is_shim(**there)) return is_shim_file(real) || same_file(settings.shim_bin, real) ? State::kPartly : State::kAbsent;
    return *wanted && **wanted == **there && !is_shim_file(real) ? State::kDone : State::kPartly;
}

/// nginx and the shim change places. Its name stays with the file, so that a running nginx is not one whose program was deleted.
Result<> move_aside(const Settings& settings, const std::string& shim) {
    auto real = settings.real_bin();
    if (auto written = replace_file(real, shim, 0755); !written) return written;
    if (auto go = failpoint("shim-written"); !go) return go;
    auto exchanged = exchange_files(settings.shim_bin, real);
    if (!exchanged) return exchanged.error();
    if (*exchanged) return {};
    if (auto linked = link_file(settings.shim_bin, real); !linked) return linked;
    return replace_file(settings.shim_bin, shim, 0755);
}

Result<> put_shim(const Settings& settings) {
    auto shim = read_file(settings.shim_source);
    if (!shim) return shim.error();
    if (!*shim) return Error{"there is no \"" + settings.shim_source + "\""};
    if (auto named = point_to(settings.real_bin(), settings.named_nginx()); !named) return named;
    bool nginx = exists(settings.shim_bin) && !is_shim_file(settings.shim_bin);
    return nginx ? move_aside(settings, **shim) : replace_file(settings.shim_bin, **shim, 0755);
}

Result<> remove_shim(const Settings& settings) {
    auto real = settings.real_bin();
    if (auto removed = remove_file(settings.named_nginx()); !removed) return removed.error();
    if (is_shim_file(settings.shim_bin)) {
        if (!exists(real) || is_shim_file(real)) {  // nginx's package is gone, or was never there
            auto removed = remove_file(settings.shim_bin);
            if (!removed) return removed.error();
        } else {
            auto exchanged = exchange_files(settings.shim_bin, real);
            if (!exchanged) return exchanged.error();
            if (!*exchanged) return move_file(real, settings.shim_bin);
            if (auto go = failpoint("undo-shim-exchanged"); !go) return go;
        }
    }
    if (!is_shim_file(real) && !same_file(settings.shim_bin, real)) return {};
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
    auto listed = run_good({kDivert, "--listpackage", settings.shim_bin}, kProgramTime);
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
