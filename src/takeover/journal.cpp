#include "takeover/journal.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "base/text.h"
#include "takeover/disk.h"

namespace bext::takeover {
namespace {

constexpr off_t kRoom = 64 * 1024;  // kept free for the records, so that a full disk is noticed before anything is changed

/// FNV-1a.
std::string checksum(std::string_view text) {
    std::uint64_t hash = 14695981039346656037u;
    for (unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
    char hex[17];
    snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(hash));
    return hex;
}

std::optional<Record> parse_line(std::string_view line) {
    auto fields = split(line, '\t');
    if (fields.size() != 6 || line.size() < 17 || fields[0] != checksum(line.substr(17))) return std::nullopt;
    auto number = parse_decimal(fields[1]), time = parse_decimal(fields[2]);
    if (!number || !time) return std::nullopt;
    return Record{*number, static_cast<std::int64_t>(*time), std::string(fields[3]), std::string(fields[4]), std::string(fields[5])};
}

void take(State& state, const Record& record) {
    state.begun = true;
    if (record.kind == "phase")
        if (auto phase = phase_named(record.name)) {
            state.phase = *phase;
            state.reason = record.text;
        }
    if (record.kind == "step") state.step = record.name;
    if (record.kind == "note") state.notes[record.name] = record.text;
}

}  // namespace

std::string State::note(const std::string& name) const {
    auto found = notes.find(name);
    return found == notes.end() ? "" : found->second;
}

std::string line_of(const Record& record) {
    auto text = cat({std::to_string(record.number), "\t", std::to_string(record.time), "\t", one_line(record.kind), "\t", one_line(record.name), "\t",
                     one_line(record.text)});
    return checksum(text) + "\t" + text + "\n";
}

std::vector<Record> parse_records(std::string_view text, std::size_t& good) {
    std::vector<Record> records;
    good = 0;
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', good)) {
        auto record = parse_line(text.substr(good, end - good));
        if (!record || record->number != records.size() + 1) break;
        records.push_back(*std::move(record));
        good = end + 1;
    }
    return records;
}

State state_of(std::vector<Record> records) {
    State state;
    for (auto& record : records) take(state, record);
    state.records = std::move(records);
    return state;
}

Result<State> Journal::look(const std::string& directory) {
    std::size_t good = 0;
    return state_of(parse_records(read_small(directory + "/journal"), good));
}

Result<Journal> Journal::open(const std::string& directory) {
    auto path = directory + "/journal";
    if (!exists(path))
        if (auto made = write_durably(path, ""); !made) return made.error();
    Journal journal;
    journal.directory_ = directory;
    journal.fd_ = Fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
    if (!journal.fd_) return Error::from_errno("open() \"" + path + "\"");
    std::size_t good = 0;
    auto text = read_small(path);
    journal.state_ = state_of(parse_records(text, good));
    if (good < text.size() && ftruncate(journal.fd_.get(), static_cast<off_t>(good)) != 0) return Error::from_errno("ftruncate() \"" + path + "\"");
    return journal;
}

Result<> Journal::begin() {
    auto path = directory_ + "/journal", kept = path + ".1";
    if (auto done = write_durably(kept, read_small(path)); !done) return done;
    if (auto done = write_durably(path, ""); !done) return done;
    fd_ = Fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
    if (!fd_) return Error::from_errno("open() \"" + path + "\"");
    if (fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, 0, kRoom) != 0 && errno != EOPNOTSUPP)
        return Error::from_errno("fallocate() \"" + path + "\"");
    state_ = {};
    return append("begin", name_of(Phase::kPreflight), "");
}

Result<> Journal::enter(Phase phase, std::string_view reason) {
    if (!allowed(state_.phase, phase))
        return Error{cat({"a takeover in phase ", name_of(state_.phase), " cannot enter ", name_of(phase)})};
    return append("phase", name_of(phase), reason);
}

Result<> Journal::step(std::string_view name, std::string_view text) { return append("step", name, text); }

Result<> Journal::accept(std::string_view difference, std::string_view reason) { return append("accept", difference, reason); }

Result<> Journal::note(std::string_view name, std::string_view value) { return append("note", name, value); }

Result<> Journal::append(std::string_view kind, std::string_view name, std::string_view text) {
    Record record{state_.records.size() + 1, ::time(nullptr), std::string(kind), std::string(name), std::string(text)};
    auto line = line_of(record);
    auto path = directory_ + "/journal";
    if (auto room = room_for(path); !room) return room;
    auto size = write(fd_.get(), line.data(), line.size());
    if (size != static_cast<ssize_t>(line.size())) return Error::from_errno("write() to \"" + path + "\"", size < 0 ? errno : ENOSPC);
    if (fdatasync(fd_.get()) != 0) return Error::from_errno("fdatasync() \"" + path + "\"");
    take(state_, record);
    state_.records.push_back(std::move(record));
    return {};
}

}  // namespace bext::takeover
