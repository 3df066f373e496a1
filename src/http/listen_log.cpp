#include "http/listen_log.h"

#include "http/core_conf.h"
#include "http/site.h"

namespace bext::http {

const Log& listen_log(const Connection& connection) {
    auto& root = connection.listen->hosts.default_server->root;
    auto& log = static_cast<const Core*>(root.records[conf::slot_of<Core>])->error_log;
    return *log ? **log : *connection.site().error_log;
}

}  // namespace bext::http
