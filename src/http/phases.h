// The phases of a request in nginx's order, from post_read to the last byte of the answer.
#pragma once

#include "base/task.h"

namespace bext::http {

class Request;

/// Serves a request whose head was read: runs the phases, sends the answer and logs it. When it returns, the sink has
/// taken every byte (or Request::aborted is set).
Task<> serve(Request& request);
/// Answers `status` for a request that never reaches the phases (a bad head).
Task<> refuse(Request& request, int status);

}  // namespace bext::http
