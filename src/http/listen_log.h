// Listen log: where is told what happens to a connection before it has a request.
#pragma once

#include "base/log.h"
#include "http/connection.h"
#include "http/site.h"

namespace bext::http {

/// The error log of the default server of the listen that the connection came on, `site` being the Site of that listen.
const Log& listen_log(const Connection& connection, const Site& site);

}  // namespace bext::http
