#define OPENSSL_SUPPRESS_DEPRECATED  // engines are deprecated since OpenSSL 3.0, and configurations name them
#include "tls/engine.h"

#include <openssl/engine.h>

#include "base/text.h"
#include "tls/openssl.h"

namespace bext::tls {

Result<> use_engine(const std::string& name) {
    ENGINE* engine = ENGINE_by_id(name.c_str());
    if (!engine) return Error{with_ssl_errors(cat({"ENGINE_by_id(\"", name, "\") failed"}))};
    bool used = ENGINE_set_default(engine, ENGINE_METHOD_ALL) != 0;
    ENGINE_free(engine);
    if (used) return {};
    return Error{with_ssl_errors(cat({"ENGINE_set_default(\"", name, "\", ENGINE_METHOD_ALL) failed"}))};
}

}  // namespace bext::tls
