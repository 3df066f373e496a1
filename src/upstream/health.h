// What is known of the peers of a group outlives its configuration: the next one, and the next process, go on with it.
#pragma once

#include <memory>

#include "upstream/peers.h"

namespace bext::upstream {

/// Gives `group` what the living group of the same name (or else the process before) knows of peers with the same names.
void remember_health(const std::shared_ptr<Group>& group);

}  // namespace bext::upstream
