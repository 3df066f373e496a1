// Mutants: every mutation of a build is in it, and one at most is alive, chosen when a process starts. Only ./dev mutate has this.
#pragma once

#include <cstddef>

namespace bext {

/// Whether mutation `number` is the one in BEXT_MUTANT; notes in the file BEXT_REACHED, a byte each, that it was asked for.
bool mutant(std::size_t number);

}  // namespace bext
