// Shield: a function as OpenSSL may call it: no exception passes through frames of C.
#pragma once

#include <new>

namespace bext::tls {

/// Shield<function, failure>::call is `function`, which gives `failure` when there is no memory.
template <auto function, auto failure>
struct Shield;

template <class R, class... Args, R (*function)(Args...), auto failure>
struct Shield<function, failure> {
    static R call(Args... args) {
        try {
            return function(args...);
        } catch (const std::bad_alloc&) {
            return R(failure);
        }
    }
};

}  // namespace bext::tls
