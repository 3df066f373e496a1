// What follows "syslog:" in error_log and access_log: "server=…,facility=…,severity=…,tag=…,nohostname".
// https://nginx.org/en/docs/syslog.html
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/syslog.h"
#include "net/names.h"

namespace bext::net {

/// The place that `options` name. The error has nginx's text.
Result<SyslogPlace> parse_syslog(std::string_view options, Names& names);

}  // namespace bext::net
