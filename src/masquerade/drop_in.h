// Drop-in: the text that makes nginx.service run bext. See systemd.service(5), systemd.unit(5)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bext::masquerade {

struct DropIn {
    std::string bext_bin;
    std::string pid_file;
    std::string nginx_config;      // "": nginx's own default
    bool own_pid_file = false;     // the server is told of `pid_file`, whatever its configuration says
};

/// The text of bext-masquerade.conf. Every list is emptied first: without that systemd would add to it, and refuse the unit.
/// A path that systemd would not read as one plain word is an error.
Result<std::string> drop_in_text(const DropIn& drop_in);

/// The value of nginx's option `letter` among its words; "" when it has none.
std::string option_of(const std::vector<std::string>& words, char letter);

}  // namespace bext::masquerade
