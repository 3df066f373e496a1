#include "http/abort_watch.h"

namespace bext::http {

void AbortWatch::link(AbortWatch*& first) {
    next_ = first;
    if (next_) next_->link_ = &next_;
    first = this;
    link_ = &first;
}

void AbortWatch::leave() {
    if (!link_) return;
    *link_ = next_;
    if (next_) next_->link_ = link_;
    link_ = nullptr;
    next_ = nullptr;
}

void AbortWatch::join(List& list, Call call, void* context, bool background) {
    leave();
    call_ = call;
    context_ = context;
    background_ = background;
    link(list.first_);
}

void AbortWatch::List::notify(bool all) {
    // Whoever is called may end the request and this list with it: those to be called stand in one of their own.
    AbortWatch* told = nullptr;
    for (auto* watch = first_; watch;) {
        auto* next = watch->next_;
        if (all || !watch->background_) {
            watch->leave();
            watch->link(told);
        }
        watch = next;
    }
    while (told) {
        auto* watch = told;
        watch->leave();
        watch->call_(watch->context_);
    }
}

}  // namespace bext::http
