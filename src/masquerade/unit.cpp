#include "masquerade/unit.h"

#include <stdlib.h>

#include <algorithm>

#include "base/program.h"
#include "masquerade/drop_in.h"
#include "masquerade/files.h"
#include "sysd/unit_text.h"

namespace bext::masquerade {
namespace {

constexpr int kVerifyTime = 60'000;  // ms
constexpr const char* kDropInName = "/bext-masquerade.conf";

/// The texts of the unit and its drop-ins, but for the one of masquerade.
std::vector<std::string> texts_of(const sysd::Unit& unit, const Settings& settings) {
    std::vector<std::string> paths{unit.fragment_path};
    paths.insert(paths.end(), unit.drop_in_paths.begin(), unit.drop_in_paths.end());
    std::vector<std::string> texts;
    for (auto& path : paths) {
        if (path.empty() || path == settings.drop_in()) continue;
        auto text = read_file(path);
        if (text) texts.push_back(text->value_or(""));
    }
    return texts;
}

Result<State> check_drop_in(sysd::Manager& manager, const Settings& settings) {
    auto text = read_file(settings.drop_in());
    if (!text) return text.error();
    auto service = find_service(manager, settings);
    if (!service) return service.error();
    auto& known = service->unit.drop_in_paths;
    bool remembered = std::find(known.begin(), known.end(), settings.drop_in()) != known.end();
    if (!*text) return remembered ? State::kPartly : State::kAbsent;
    auto wanted = wanted_drop_in(*service, settings);
    if (!wanted) return wanted.error();
    return remembered && service->unread.empty() && **text == *wanted ? State::kDone : State::kPartly;
}

/// Writes the drop-in and has systemd read it.
Result<> put_drop_in(sysd::Manager& manager, const Settings& settings, Journal& journal) {
    auto service = find_service(manager, settings);
    if (!service) return service.error();
    auto text = wanted_drop_in(*service, settings);
    if (!text) return text.error();
    if (auto good = verify_drop_in(*service, settings, *text); !good) return good;
    if (!exists(settings.drop_in_dir) || settings.takes_directory)
        if (auto added = journal.add("made", settings.drop_in_dir); !added) return added;
    if (auto made = make_directory(settings.drop_in_dir); !made) return made.error();
    if (auto written = replace_file(settings.drop_in(), *text, 0644); !written) return written;
    if (auto go = failpoint("drop-in-written"); !go) return go;
    if (auto reloaded = manager.daemon_reload(); !reloaded) return reloaded;
    auto now = manager.unit(settings.unit);
    if (!now) return now.error();
    if (now->load_state == "loaded") return {};
    return Error{"systemd does not load " + settings.unit + " with its drop-in: " + now->load_state};
}

Result<> remove_drop_in(sysd::Manager& manager, const Settings& settings, Journal& journal) {
    if (auto removed = remove_file(settings.drop_in()); !removed) return removed.error();
    if (journal.has("made", settings.drop_in_dir))
        if (auto removed = remove_directory(settings.drop_in_dir); !removed) return removed;
    if (auto go = failpoint("undo-drop-in-removed"); !go) return go;
    return manager.daemon_reload();
}

/// A directory that is gone with its content.
class Scratch {
public:
    static Result<Scratch> create() {
        char name[] = "/run/bext-verify.XXXXXX";
        if (!mkdtemp(name)) return Error::from_errno("mkdtemp()");
        return Scratch(name);
    }
    Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    ~Scratch() {
        if (!path_.empty()) (void)run_program({"rm", "-rf", "--", path_}, kVerifyTime);
    }
    const std::string& path() const { return path_; }

private:
    explicit Scratch(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

}  // namespace

Result<Service> find_service(sysd::Manager& manager, const Settings& settings) {
    auto unit = manager.unit(settings.unit);
    if (!unit) return unit.error();
    Service service;
    service.unit = *std::move(unit);
    auto unread = manager.unread(settings.unit, service.unit);
    if (!unread) return unread.error();
    service.unread = *std::move(unread);
    service.nginx_words = sysd::start_words_in(texts_of(service.unit, settings));
    if (service.nginx_words.empty()) service.nginx_words = {settings.shim_bin};
    auto configured = option_of(service.nginx_words, 'c');
    service.nginx_config = settings.nginx_config.empty() ? configured : settings.nginx_config;
    service.pid_file = !settings.pid_file.empty() ? settings.pid_file : service.unit.pid_file.empty() ? "/run/nginx.pid" : service.unit.pid_file;
    return service;
}

Result<std::string> wanted_drop_in(const Service& service, const Settings& settings) {
    return drop_in_text({settings.bext_bin, service.pid_file, service.nginx_config, !settings.pid_file.empty()});
}

Result<> verify_drop_in(const Service& service, const Settings& settings, const std::string& text) {
    auto scratch = Scratch::create();
    if (!scratch) return scratch.error();
    auto unit = read_file(service.unit.fragment_path);
    if (!unit) return unit.error();
    if (!*unit) return Error{"there is no unit file \"" + service.unit.fragment_path + "\""};
    auto path = scratch->path() + "/" + settings.unit, directory = path + ".d";
    if (auto written = replace_file(path, **unit, 0644); !written) return written;
    if (auto made = make_directory(directory); !made) return made.error();
    if (auto written = replace_file(directory + kDropInName, text, 0644); !written) return written;
    auto verified = run_program({"systemd-analyze", "verify", "--man=no", path}, kVerifyTime);
    if (!verified) return verified.error();
    if (verified->status == 0) return {};
    return Error{"systemd would refuse " + settings.unit + " with the drop-in: " + verified->reason()};
}

Step drop_in_step(const Settings& settings, sysd::Manager& manager) {
    Step step;
    step.name = "drop-in";
    step.does = settings.unit + " starts bext: " + settings.drop_in();
    step.undoes = settings.unit + " starts nginx";
    step.check = [&manager, settings] { return check_drop_in(manager, settings); };
    step.apply = [&manager, settings](Journal& journal) { return put_drop_in(manager, settings, journal); };
    step.undo = [&manager, settings](Journal& journal) { return remove_drop_in(manager, settings, journal); };
    return step;
}

}  // namespace bext::masquerade
