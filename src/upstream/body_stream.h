// BodyStream: sends a request whose body is not buffered (`…_request_buffering off`): what comes from the client goes on at
// once, while the exchange already waits for the answer.
#pragma once

#include "base/task.h"
#include "upstream/exchange.h"

namespace bext::upstream {

class BodyStream {
public:
    /// Sends what exchange.outgoing holds and then the body, in a coroutine of its own. At the end exchange.body_sent_ or
    /// stream_status_ (negative: the peer failed) is set and the exchange woken.
    static void start(Exchange& exchange);
    /// Takes what there is of the body without waiting. When that is all of it, it is as if it had been buffered; else it is to
    /// be streamed, and begins with what body.chain holds. 0, or the status that the body's beginning deserves.
    static Task<int> take_beginning(http::Request& request);

private:
    static Task<> run(Exchange& exchange);
    static Task<int> send(Exchange& exchange);
    static Task<int> flush(Exchange& exchange);
};

}  // namespace bext::upstream
