// Turn: work that goes on in the loop's next turn. Whoever could go on for as long as a peer likes stops after its share of
// one turn and goes on in the next, so that a thread's other connections have theirs (docs/adr/0013-turns.md).
#pragma once

#include <coroutine>

#include "base/task.h"

namespace bext::net {

class Loop;

/// Fires once, in the turn of the loop after the one in which it was armed. Of one thread; may be destroyed while armed.
class Turn {
public:
    using Callback = void (*)(Turn&);

    explicit Turn(Callback fire) : fire_(fire) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { disarm(); }

    /// Without effect while armed.
    void arm();
    void disarm();
    bool armed() const { return before_ != nullptr; }

private:
    friend class TurnList;
    Callback fire_;
    Turn* before_ = nullptr;
    Turn* after_ = nullptr;
};

/// The turns that are armed, in the order in which they were.
class TurnList {
public:
    TurnList() : head_(nullptr) { head_.before_ = head_.after_ = &head_; }
    ~TurnList() {
        end_.disarm();
        head_.before_ = nullptr;
    }

    bool empty() const { return head_.after_ == &head_; }
    void push(Turn& turn);
    /// Fires each that is armed now; what they arm is for the turn after.
    void fire();

private:
    Turn head_;
    Turn end_{nullptr};  // of those that fire(), while it does
};

/// `co_await NextTurn()`: goes on in the loop's next turn.
class NextTurn {
public:
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> caller) {
        node_.caller = caller;
        node_.arm();
    }
    void await_resume() const {}

private:
    struct Node : Turn {
        Node() : Turn([](Turn& t) { pump::run(static_cast<Node&>(t).caller); }) {}
        std::coroutine_handle<> caller;
    };
    Node node_;
};

}  // namespace bext::net
