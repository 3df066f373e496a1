// ssl_engine: an OpenSSL engine for everything that it can do.
#pragma once

#include <string>

#include "base/result.h"

namespace bext::tls {

/// Loads the engine and makes it the default. The error is nginx's.
Result<> use_engine(const std::string& name);

}  // namespace bext::tls
