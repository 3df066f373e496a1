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
    if (empty()) return;
    TurnList now;
    now.head_.after_ = head_.after_;
    now.head_.before_ = head_.before_;
    now.head_.after_->before_ = now.head_.before_->after_ = &now.head_;
    head_.before_ = head_.after_ = &head_;
    while (!now.empty()) {
        auto& turn = *now.head_.after_;
        turn.disarm();
        turn.fire_(turn);
    }
}

}  // namespace bext::net
