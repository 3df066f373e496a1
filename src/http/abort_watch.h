// AbortWatch: how a hook that waits for something else than the client hears that the client is gone or the request given
// up. A main request has a list of them, for itself and its subrequests.
#pragma once

#include <utility>

namespace bext::http {

class AbortWatch {
public:
    using Call = void (*)(void* context);

    class List {
    public:
        List() = default;
        List(const List&) = delete;
        /// Calls every watch, once; those of background work only when `all`. The request may end in this.
        void notify(bool all);

    private:
        friend class AbortWatch;
        AbortWatch* first_ = nullptr;
    };

    AbortWatch() = default;
    AbortWatch(const AbortWatch&) = delete;
    ~AbortWatch() { leave(); }

    void join(List& list, Call call, void* context, bool background = false);
    void leave();

private:
    void link(AbortWatch*& first);

    Call call_ = nullptr;
    void* context_ = nullptr;
    bool background_ = false;
    AbortWatch* next_ = nullptr;
    AbortWatch** link_ = nullptr;  // what points here, null when in no list
};

}  // namespace bext::http
