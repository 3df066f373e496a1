// Survey: every directive of a configuration with its place, whether bext has it or not.
#pragma once

#include <string>
#include <vector>

#include "loader/configuration.h"

namespace bext::takeover {

struct Found {
    std::vector<std::string> words;  // the directive and its arguments
    std::string place;               // "FILE:LINE"
    std::vector<std::string> inside;  // the blocks around it, the outermost first
    int server = -1;                  // which server {} it stands in, counted from 0
    int block = 0;                    // which block it stands in, counted from 1; 0 for none
};

struct Survey {
    std::vector<Found> directives;
    std::vector<std::string> trouble;  // files that could not be read, and the like

    /// All of one name.
    std::vector<const Found*> named(std::string_view name) const;
};

/// Reads the configuration and what it includes, without judging it.
Survey survey(const loader::Source& source);

}  // namespace bext::takeover
