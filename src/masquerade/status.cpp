// The status of masquerade.h: what is installed, and who serves.
#include "base/json.h"
#include "base/text.h"
#include "masquerade/diversion.h"
#include "masquerade/files.h"
#include "masquerade/masquerade.h"
#include "masquerade/process.h"
#include "masquerade/unit.h"

namespace bext::masquerade {
namespace {

const char* word_of(State state) { return state == State::kDone ? "installed" : state == State::kPartly ? "half installed" : "not installed"; }

const char* word_of(Server server) { return server == Server::kBext ? "bext" : server == Server::kOther ? "nginx" : "none"; }

Result<> add(Status& status, const Step& step) {
    auto state = step.check();
    if (!state) return state.error();
    status.parts.push_back({step.name, *state, *state == State::kAbsent ? step.undoes : step.does});
    return {};
}

}  // namespace

State Status::state() const {
    std::size_t done = 0, absent = 0;
    for (auto& part : parts) {
        done += part.state == State::kDone;
        absent += part.state == State::kAbsent;
    }
    return done == parts.size() ? State::kDone : absent == parts.size() ? State::kAbsent : State::kPartly;
}

Result<Status> status(const Settings& settings) {
    auto manager = sysd::Manager::connect();
    if (!manager) return manager.error();
    auto service = find_service(*manager, settings);
    if (!service) return service.error();
    Status status;
    for (auto& step : {diversion_step(settings), shim_step(settings), drop_in_step(settings, *manager)})
        if (auto added = add(status, step); !added) return added.error();
    auto journal = read_file(settings.journal());
    if (journal) status.interrupted = is_interrupted(parse_journal(journal->value_or("")));
    auto& unit = service->unit;
    status.unit_state = unit.exists() ? cat({unit.active_state, " (", unit.sub_state, "), ", unit.file_state}) : "there is none";
    status.main_pid = unit.main_pid;
    status.pid_file = service->pid_file;
    if (auto pid = pid_in(status.pid_file); !status.main_pid && server_of(pid) != Server::kNone && name_of(pid) == "nginx") {
        status.main_pid = pid;
        status.outside = true;
    }
    if (!status.main_pid) {
        auto own = manager->unit(kOwnUnit);
        if (own && own->active()) {
            status.main_pid = own->main_pid;
            status.of_own_unit = true;
        }
    }
    status.server = word_of(server_of(static_cast<pid_t>(status.main_pid)));
    return status;
}

std::string status_text(const Status& status) {
    auto text = cat({"masquerade:     ", word_of(status.state()), status.interrupted ? "; the last run did not come to its end: run it again" : "", "\n"});
    for (auto& part : status.parts) text += cat({"  ", part.name, std::string(14 - std::min<std::size_t>(part.name.size(), 13), ' '), part.sentence, "\n"});
    text += cat({"nginx.service:  ", status.unit_state, "\n", "serves:         ", status.server});
    if (status.main_pid) text += ", process " + std::to_string(status.main_pid);
    if (status.of_own_unit) text += cat({", of ", kOwnUnit});
    if (status.outside) text += ", outside of nginx.service: nginx -s quit; systemctl start nginx";
    return text + "\npid file:       " + status.pid_file + "\n";
}

std::string status_json(const Status& status) {
    std::string parts;
    for (auto& part : status.parts) parts += cat({parts.empty() ? "" : ",", json_text(part.name), ":", json_text(word_of(part.state))});
    return cat({"{\"state\":", json_text(word_of(status.state())), ",\"interrupted\":", status.interrupted ? "true" : "false", ",\"steps\":{", parts,
                "},\"unit\":", json_text(status.unit_state), ",\"main_pid\":", std::to_string(status.main_pid), ",\"server\":", json_text(status.server),
                ",\"pid_file\":", json_text(status.pid_file), "}\n"});
}

}  // namespace bext::masquerade
