// Script: the rewrite, set, if, return and break directives of one level, in their order (ngx_http_script.c).
#pragma once

#include <memory>
#include <vector>

#include "http/module.h"

namespace bext::http {

class Builder;
struct Location;

/// One run of a Script.
struct ScriptRun {
    Request& request;
    bool log;            // rewrite_log
    bool quote = true;   // nginx escapes captures as arguments until the first rewrite has matched
    Verdict verdict = Verdict::pass();
};

class ScriptStep {
public:
    virtual ~ScriptStep() = default;
    /// False: the script ends here.
    virtual bool run(ScriptRun& run) const = 0;
};

class Script {
public:
    using Steps = std::vector<std::unique_ptr<const ScriptStep>>;

    /// `level`: the location it was written in, null for a server.
    explicit Script(const Location* level) : level_(level) {}
    const Location* level() const { return level_; }

    template <class Step>
    void add(Step step) {
        into_->push_back(std::make_unique<const Step>(std::move(step)));
    }
    /// Where add() puts steps: the block of an `if` while that is read. Returns the place before.
    Steps* redirect(Steps* into) { return std::exchange(into_, into); }

    /// Runs `steps`; false when one of them ended the script.
    static bool run(const Steps& steps, ScriptRun& run) {
        for (auto& step : steps)
            if (!step->run(run) || run.request.undecided()) return false;
        return true;
    }
    const Steps& steps() const { return steps_; }

private:
    const Location* level_;
    Steps steps_;
    Steps* into_ = &steps_;
};

/// The settings of the rewrite module. A script belongs to its own level only: a level without one may see its outer
/// level's record, so who runs it compares levels.
struct Rewrite {
    std::shared_ptr<Script> script;
    conf::Setting<bool> log{false};
    conf::Setting<bool> warn_uninitialized{true};
};

/// The script that a directive at `at` belongs to.
Script& script_of(conf::Cursor& at, Rewrite& own);
/// `if` and `return`.
conf::Status rewrite_if(conf::Cursor& at, Rewrite& own);
conf::Status rewrite_return(conf::Cursor& at, Rewrite& own);
/// Whether `text` makes a redirect by itself: "http://…", "https://…", "$scheme…".
bool is_redirect_target(std::string_view text);
/// Sets the Location of the answer in place of another one.
void set_location(Request& request, std::string_view target);

}  // namespace bext::http
