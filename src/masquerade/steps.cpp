#include "masquerade/steps.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/interrupts.h"

namespace bext::masquerade {
namespace {

constexpr int kExitOfFailpoint = 3;

Result<> apply_one(const Step& step, Journal& journal) {
    if (auto begun = journal.add("begin", step.name); !begun) return begun;
    if (auto go = failpoint(step.name); !go) return go;
    if (auto applied = step.apply(journal); !applied) return applied;
    if (auto go = failpoint(step.name + "-done"); !go) return go;
    return journal.add("done", step.name);
}

Result<> undo_one(const Step& step, Journal& journal) {
    if (auto begun = journal.add("undo", step.name); !begun) return begun;
    if (auto go = failpoint("undo-" + step.name); !go) return go;
    if (auto undone = step.undo(journal); !undone) return undone;
    if (auto go = failpoint("undo-" + step.name + "-done"); !go) return go;
    return journal.add("undone", step.name);
}

/// The error of `step`, and what could not be undone after it.
Error undo_after(const std::vector<const Step*>& begun, Journal& journal, const Report& report, Error error) {
    for (auto one = begun.rbegin(); one != begun.rend(); ++one) {
        auto undone = undo_one(**one, journal);
        if (undone) {
            report("undone", (*one)->undoes);
        } else {
            error.text += "; and then " + (*one)->name + " could not be undone: " + undone.error().text;
        }
    }
    return error;
}

}  // namespace

Result<> apply_steps(const std::vector<Step>& steps, Journal& journal, const Report& report) {
    if (auto begun = journal.add("install", "begins"); !begun) return begun;
    std::vector<const Step*> begun;
    for (auto& step : steps) {
        auto state = step.check();
        if (state && *state == State::kDone) {
            report("kept", step.does);
            continue;
        }
        if (!state) return undo_after(begun, journal, report, state.error());
        if (Interrupts::asked()) return undo_after(begun, journal, report, Error{"interrupted before the step " + step.name});
        begun.push_back(&step);
        if (auto applied = apply_one(step, journal); !applied)
            return undo_after(begun, journal, report, Error{step.name + ": " + applied.error().text});
        report("done", step.does);
    }
    return journal.add("installed", "all");
}

Result<> undo_steps(const std::vector<Step>& steps, Journal& journal, const Report& report) {
    if (auto begun = journal.add("uninstall", "begins"); !begun) return begun;
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        auto state = step->check();
        if (!state) return state.error();
        if (*state == State::kAbsent) {
            report("kept", step->undoes);
            continue;
        }
        if (auto undone = undo_one(*step, journal); !undone) return Error{step->name + ": " + undone.error().text};
        report("undone", step->undoes);
    }
    return {};
}

Result<> tell_steps(const std::vector<Step>& steps, bool undo, const Report& report) {
    auto tell = [&](const Step& step) -> Result<> {
        auto state = step.check();
        if (!state) return state.error();
        bool nothing = *state == (undo ? State::kAbsent : State::kDone);
        report(nothing ? "kept" : undo ? "would undo" : "would do", undo ? step.undoes : step.does);
        return {};
    };
    for (std::size_t i = 0; i < steps.size(); ++i)
        if (auto told = tell(steps[undo ? steps.size() - 1 - i : i]); !told) return told;
    return {};
}

Result<> failpoint(const std::string& name) {
    const char* wanted = getenv("BEXT_FAILPOINT");
    if (!wanted) return {};
    std::string text = wanted;
    if (text == name + ":kill") raise(SIGKILL);
    if (text == name + ":exit") _exit(kExitOfFailpoint);
    if (text == name + ":fail") return Error{"the failpoint " + name};
    return {};
}

}  // namespace bext::masquerade
