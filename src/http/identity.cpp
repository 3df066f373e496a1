#include "http/identity.h"

namespace bext::http {

Identity& identity() {
    static Identity one;
    return one;
}

}  // namespace bext::http
