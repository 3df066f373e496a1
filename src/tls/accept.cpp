#include "tls/accept.h"

namespace bext::tls {
void install() {}
}  // namespace bext::tls
