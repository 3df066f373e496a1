// Journal: what a takeover is about to do, written down and on the disk before it is done, so that whoever comes after a
// crash or a power cut knows what to finish or undo. One line a record, with a checksum; a torn end is no record.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "takeover/phase.h"

namespace bext::takeover {

struct Record {
    std::uint64_t number = 0;
    std::int64_t time = 0;  // seconds since 1970
    std::string kind;       // begin, accept, phase, step, note
    std::string name;
    std::string text;
};

/// What the records add up to.
struct State {
    bool begun = false;
    Phase phase = Phase::kPreflight;
    std::string reason;  // of the phase
    std::string step;    // the last one that was begun
    std::map<std::string, std::string> notes;
    std::vector<Record> records;

    std::string note(const std::string& name) const;
};

class Journal {
public:
    /// The takeover that `directory` knows of. A torn end is cut off when it may be written.
    static Result<Journal> open(const std::string& directory);
    /// The same for looking only; nothing is created or changed.
    static Result<State> look(const std::string& directory);

    const State& state() const { return state_; }

    /// Forgets the takeover before and begins a new one, in Preflight. The old records are kept beside it as journal.1.
    Result<> begin();
    /// Enters a phase; one that the table does not allow is an error and nothing is written.
    Result<> enter(Phase phase, std::string_view reason = {});
    /// A step is about to be done.
    Result<> step(std::string_view name, std::string_view text = {});
    /// A difference of the rehearsal that the administrator takes, and why.
    Result<> accept(std::string_view difference, std::string_view reason);
    /// Something to be known later.
    Result<> note(std::string_view name, std::string_view value);

private:
    Result<> append(std::string_view kind, std::string_view name, std::string_view text);

    std::string directory_;
    Fd fd_;
    State state_;
};

/// A record as a line, and the records of a text up to its first line that is none; `good` is where that begins.
std::string line_of(const Record& record);
std::vector<Record> parse_records(std::string_view text, std::size_t& good);
/// What the records add up to.
State state_of(std::vector<Record> records);

}  // namespace bext::takeover
