// Steps: a change in parts that each can be found done, be done and be undone. Every part is journalled before it is begun,
// so a run that was cut off is completed or undone by the next one; a part that fails undoes those before it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "masquerade/journal.h"

namespace bext::masquerade {

enum class State { kAbsent, kPartly, kDone };

struct Step {
    std::string name;    // one word: the journal's, and that of BEXT_FAILPOINT
    std::string does;    // "the shim stands at /usr/sbin/nginx"
    std::string undoes;  // "nginx stands at /usr/sbin/nginx"
    std::function<Result<State>()> check;
    std::function<Result<>(Journal&)> apply;  // from any state
    std::function<Result<>(Journal&)> undo;   // from any state; a step that is absent is left alone
};

/// Hears what is done: "done", "kept" (nothing was to be done), "undone", "would do", "would undo", and the step's sentence.
using Report = std::function<void(const std::string& word, const std::string& sentence)>;

/// Does what is not done yet, in order. On an error everything that this run did is undone again, the last first.
Result<> apply_steps(const std::vector<Step>& steps, Journal& journal, const Report& report);

/// Undoes what is not absent, the last first. On an error it stops there: what is undone stays so, and a further run goes on.
Result<> undo_steps(const std::vector<Step>& steps, Journal& journal, const Report& report);

/// What either would do; changes nothing.
Result<> tell_steps(const std::vector<Step>& steps, bool undo, const Report& report);

/// For tests: BEXT_FAILPOINT=NAME:kill, NAME:exit or NAME:fail ends the process, or is an error, at the point NAME.
Result<> failpoint(const std::string& name);

}  // namespace bext::masquerade
