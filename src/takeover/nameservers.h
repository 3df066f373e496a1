// Nameservers: whether who is asked for names answers. RFC 1035
#pragma once

#include <string>
#include <vector>

#include "takeover/survey.h"

namespace bext::takeover {

struct Nameserver {
    std::string address;  // with its port where that is not 53
    std::string place;    // "/etc/resolv.conf" or "FILE:LINE"
};

/// Those of /etc/resolv.conf, when the configuration names hosts that have to be looked up, and those of its resolver directives.
std::vector<Nameserver> nameservers_of(const Survey& survey, const std::string& resolv_conf);

/// Which of them do not answer within a second, for people; "" when all do. They are asked side by side.
std::string silent_nameservers(const std::vector<Nameserver>& all);

}  // namespace bext::takeover
