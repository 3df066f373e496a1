// How the Supervisor finds that its worker does nothing any more, which no signal tells: a thread that does not come back
// to its loop (a stuck disk), or a process that is stopped. Another one is started then; the healthy threads of the old one
// finish what they have.
#include <signal.h>

#include <algorithm>

#include "base/figures.h"
#include "base/text.h"
#include "supervisor/report.h"
#include "supervisor/supervisor.h"

namespace bext::supervisor {
namespace {

constexpr std::uint64_t kMostIll = 60'000;       // ms without a healthy worker, after which the manager is told nothing any more
constexpr std::size_t kMostHanging = 3;          // processes that wait for a stuck disk; more would help nobody

/// The turn that has gone on for longest, of those that began before `limit`; null when there is none.
const Pulse* longest_turn(pid_t pid, std::uint64_t limit) {
    const Pulse* longest = nullptr;
    figure_page().each_pulse(pid, [&](const Pulse& pulse) {
        auto since = pulse.turning_since();
        if (since && since <= limit && (!longest || since < longest->turning_since())) longest = &pulse;
    });
    return longest;
}

std::uint64_t before(std::uint64_t now, std::uint64_t ms) { return now > ms ? now - ms : 0; }

}  // namespace

/// Every process gets what the kernel tells of its child: a stop needs no looking.
void Supervisor::heard_stop(pid_t pid, bool stopped) {
    for (auto* worker : workers())
        if (worker->pid == pid) worker->stopped_ms = stopped ? clock_ms() : 0;
}

bool Supervisor::hangs(const Worker& worker, std::uint64_t patience_ms) const {
    if (worker.stopped_ms) return true;
    return longest_turn(worker.pid, before(clock_ms(), patience_ms)) != nullptr;
}

std::string Supervisor::hangs_where(const Worker& worker) const {
    if (worker.stopped_ms) return "a signal has stopped it";
    auto now = clock_ms();
    auto* pulse = longest_turn(worker.pid, now);
    if (!pulse) return "nothing is known";
    return cat({"thread ", std::to_string(pulse->thread()), " is busy since ", std::to_string(before(now, pulse->turning_since())), " ms with ", pulse->text()});
}

/// A turn counts when two looks have seen it: a machine that was asleep finds every turn long.
void Supervisor::look_at_worker() {
    auto now = clock_ms();
    if (now < next_look_) return;
    next_look_ = now + patience(5);
    if (!started_ || worker_stopped_ || ending_ != Ending::kNo) healthy_ms_ = now;
    if (!worker_ || !worker_->serving || ending_ != Ending::kNo) return;
    bool on_trial = next_ && worker_->loading == next_;
    auto* turn = longest_turn(worker_->pid, before(now, patience(on_trial ? 5 : 1)));
    auto since = turn ? turn->turning_since() : 0;
    bool late = since && since == std::exchange(worker_->turn_seen, since);
    bool stopped = worker_->stopped_ms && now - worker_->stopped_ms >= (on_trial ? 0 : patience(1));
    if (!since && !worker_->stopped_ms) healthy_ms_ = now;
    if (!late && !stopped) return;
    if (on_trial) {
        report(Level::kAlert, cat({"worker process ", std::to_string(worker_->pid), " hangs: ", hangs_where(*worker_), "; another one takes the new configuration"}));
        return try_elsewhere();
    }
    if (!successor_) replace_worker();  // else a reload is about to do the same
}

void Supervisor::replace_worker() {
    auto hanging = std::count_if(draining_.begin(), draining_.end(), [](auto& one) { return one->passed_over; });
    bool once = !worker_->passed_over;
    worker_->passed_over = true;
    auto text = cat({"worker process ", std::to_string(worker_->pid), " hangs: ", hangs_where(*worker_)});
    bool enough = static_cast<std::size_t>(hanging) >= kMostHanging;
    if (once) report(Level::kAlert, text + (enough ? ", like those before it" : "; another one is started"));
    last_trouble_ = "; " + text;
    if (once && next_status_) next_status_ = clock_ms();
    if (enough) return;
    auto fresh = start_worker(current_);
    if (!fresh) return;
    drain(std::move(worker_), fresh->get());
    worker_ = *std::move(fresh);
}

/// What one process has no room for, a fresh one has.
void Supervisor::unable(Worker& worker, std::uint64_t generation, const std::string& why) {
    auto text = cat({"worker process ", std::to_string(worker.pid), " cannot take up the configuration: ", why});
    bool in_place = &worker == worker_.get() && next_ && worker.loading == next_ && generation == next_->generation;
    if (!in_place || !started_) return refused(worker, generation, text);
    report(Level::kAlert, text + "; another one is started");
    try_elsewhere();
}

/// The worker does not take up the configuration on trial: another process does.
void Supervisor::try_elsewhere() {
    worker_->loading = nullptr;
    worker_->load_deadline = 0;
    worker_->passed_over = true;
    auto worker = start_worker(next_);
    if (!worker) return abandon(worker.error().text);
    successor_ = *std::move(worker);
}

/// Whether the service manager may be told that all is well: not without end while nobody answers.
bool Supervisor::able() const { return clock_ms() - healthy_ms_ < kMostIll; }

}  // namespace bext::supervisor
