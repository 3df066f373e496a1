// Listen log: where is told what happens to a connection before it has a request.
#pragma once

#include "base/log.h"
#include "http/connection.h"

namespace bext::http {

/// The error log of the default server of the listen that the connection came on.
const Log& listen_log(const Connection& connection);

}  // namespace bext::http
