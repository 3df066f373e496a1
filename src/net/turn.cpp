#include "net/turn.h"

#include "net/loop.h"

namespace bext::net {

void Turn::arm() {
    if (!armed()) Loop::current().turns().push(*this);
}

void Turn::disarm() {
    if (!armed()) return;
    before_->after_ = after_;
    after_->before_ = before_;
    before_ = after_ = nullptr;
}

void TurnList::push(Turn& turn) {
    turn.before_ = head_.before_;
    turn.after_ = &head_;
    head_.before_->after_ = &turn;
    head_.before_ = &turn;
}

void TurnList::fire() {
    end_.disarm();
    if (empty()) return;
    push(end_);  // what is armed from now on stands behind it; what an exception leaves before it fires in the next turn
    while (head_.after_ != &end_) {
        auto& turn = *head_.after_;
        turn.disarm();
        turn.fire_(turn);
    }
    end_.disarm();
}

}  // namespace bext::net
