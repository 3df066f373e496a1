// ReplacedFile: a program put in another's place without a moment in which there is none, and back.
#pragma once

#include <string>

#include "base/result.h"

namespace bext::cli {

class ReplacedFile {
public:
    /// Copies `source` over `place` by rename; what was there stays as `place`.prev. Both are on disk when this returns.
    static Result<ReplacedFile> put(const std::string& source, const std::string& place);

    /// What was there before is there again.
    Result<> undo();

private:
    explicit ReplacedFile(std::string place) : place_(std::move(place)) {}

    std::string place_;
};

}  // namespace bext::cli
