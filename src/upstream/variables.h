// $upstream_addr, $upstream_status … of a request's dealings with upstreams.
#pragma once

#include <span>

#include "http/module.h"

namespace bext::upstream {

std::span<const http::Variable> variables();

}  // namespace bext::upstream
