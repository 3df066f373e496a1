// Checks: what is looked at before anything is changed; each says what it saw, and what to do about it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "takeover/nginx.h"
#include "takeover/survey.h"

namespace bext::takeover {

enum class Verdict { kPass, kWarn, kFail };

/// One thing that is wrong.
struct Fault {
    std::string place;  // "FILE:LINE"; "" when it stands in no file
    std::string text;

    /// "text in FILE:LINE"
    std::string line() const;
};

struct Check {
    std::string name;
    bool critical = false;
    Verdict verdict = Verdict::kPass;
    std::string looked_at;  // what, in a few words
    std::string reason;     // of a verdict other than pass
    std::string mend;       // what to do about it
    std::vector<Fault> faults = {};  // what the reason sums up, where that is several things or stands in a file

    bool blocks() const { return critical && verdict == Verdict::kFail; }
};
using Checks = std::vector<Check>;

/// Everything that the checks look at.
struct Subject {
    sysd::Manager* manager = nullptr;  // null: there is no systemd to ask, for the reason below
    std::string no_manager;
    Nginx nginx;
    Survey survey;
    std::vector<std::string> warnings;  // of the configuration
    std::optional<loader::Configuration> configuration;
    std::string refusal;  // why there is no configuration
};

/// Looks at the machine; changes nothing. `manager` may be null. `configured`: the nginx that bext's own configuration says to be
/// compatible with, in place of the one that runs.
Subject look(sysd::Manager* manager, const std::string& no_manager, const std::string& conf_file, std::optional<NginxVersion> configured = {});
Checks run_checks(const Subject& subject);

/// Nothing is wrong when there are no faults; else the verdict, with the first ones and how many more there are as the reason.
Check with_faults(Check check, Verdict verdict, std::vector<Fault> faults, std::string mend);
/// What a message like nginx's, "… in FILE:LINE", tells apart.
Fault fault_of(std::string_view message);

/// Whether no critical one failed.
bool may_take_over(const Checks& checks);
/// One that passes until something is found.
Check made(const char* name, bool critical, std::string looked_at);
/// For people, with a line of counts.
std::string table_of(const Checks& checks);
std::string json_of(const Checks& checks);

// The single checks, in the order of the specification, then further ones.
Check check_configuration(const Subject& subject);
Check check_certificates(const Subject& subject);
Check check_nginx(const Subject& subject);
Check check_ports(const Subject& subject);
Check check_roots(const Subject& subject);
Check check_upstreams(const Subject& subject);
Check check_permissions(const Subject& subject);
Check check_systemd(const Subject& subject);
Check check_directives(const Subject& subject);
Check check_expiry(const Subject& subject);
Check check_listens(const Subject& subject);
Check check_way_back(const Subject& subject);
Check check_disk(const Subject& subject);
Check check_descriptors(const Subject& subject);
Check check_modules(const Subject& subject);
Check check_command_line(const Subject& subject);
Check check_sandbox(const Subject& subject);      // sandbox.cpp
Check check_nameservers(const Subject& subject);  // nameservers.cpp
Check check_dependents(const Subject& subject);   // dependents.cpp
Check check_version(const Subject& subject);

}  // namespace bext::takeover
