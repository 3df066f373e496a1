// Odd requests, and what nginx 1.31 makes of them: the parsers of this folder and of http together. An outcome is the
// status ("200" for whatever is no syntax error), the target, the header lines that go on to an upstream and the body,
// for each request of the bytes.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/text.h"
#include "http/host.h"
#include "http/uri.h"
#include "http1/chunked.h"
#include "http1/header_parser.h"
#include "http1/request_parser.h"

using namespace std::literals;

namespace bext::http1 {
namespace {

struct Row {
    const char* name;
    std::string_view bytes;
    std::string_view outcome;
};

constexpr Row kRows[] = {
    {"lf_all", "GET /x HTTP/1.1\nHost: h\n\n", "200 /x"},
    {"lf_reqline", "GET /x HTTP/1.1\nHost: h\r\n\r\n", "200 /x"},
    {"lf_header", "GET /x HTTP/1.1\r\nHost: h\nA: b\r\n\r\n", "200 /x A:b"},
    {"lf_end", "GET /x HTTP/1.1\r\nHost: h\r\n\n", "200 /x"},
    {"cr_only", "GET /x HTTP/1.1\rHost: h\r\r", "400"},
    {"crcrlf_header", "GET /x HTTP/1.1\r\nHost: h\r\nA: b\r\r\n\r\n", "200 /x A:b"},
    {"crcrlf_end", "GET /x HTTP/1.1\r\nHost: h\r\n\r\r\n", "400"},
    {"bare_cr_value", "GET /x HTTP/1.1\r\nHost: h\r\nA: b\rC: d\r\n\r\n", "400"},
    {"leading_crlf", "\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n", "200 /x"},
    {"leading_lf", "\n\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n", "200 /x"},
    {"leading_cr", "\r\rGET /x HTTP/1.1\r\nHost: h\r\n\r\n", "200 /x"},
    {"leading_sp", " GET /x HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"http09", "GET /x\r\n", "200 /x"},
    {"http09_sp", "GET /x \r\n", "200 /x"},
    {"http09_post", "POST /x\r\n", "400"},
    {"http10", "GET /x HTTP/1.0\r\n\r\n", "200 /x"},
    {"http10_nohost_ka", "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200 /x"},
    {"http12", "GET /x HTTP/1.2\r\nHost: h\r\n\r\n", "200 /x"},
    {"http19", "GET /x HTTP/1.9\r\nHost: h\r\n\r\n", "200 /x"},
    {"http1_10", "GET /x HTTP/1.10\r\nHost: h\r\n\r\n", "200 /x"},
    {"http1_01", "GET /x HTTP/1.01\r\nHost: h\r\n\r\n", "200 /x"},
    {"http01_1", "GET /x HTTP/01.1\r\nHost: h\r\n\r\n", "400"},
    {"http20", "GET /x HTTP/2.0\r\nHost: h\r\n\r\n", "505"},
    {"http_lower", "GET /x http/1.1\r\nHost: h\r\n\r\n", "400"},
    {"ver_trail_sp", "GET /x HTTP/1.1 \r\nHost: h\r\n\r\n", "200 /x"},
    {"multi_sp", "GET   /x   HTTP/1.1\r\nHost: h\r\n\r\n", "200 /x"},
    {"tab_sep", "GET\t/x\tHTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"space_in_uri", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"space_in_uri_Hx", "GET /a Hb HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"lower_method", "get /x HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"digit_method", "GET1 /x HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"tchar_method", "M!#$%&'*+ /x HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"dash_us_method", "M-_X /x HTTP/1.1\r\nHost: h\r\n\r\n", "200 /x"},
    {"empty_target", "GET  HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"star_get", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"options_star", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"relative_target", "GET x HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"query_target", "GET ?x HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"absolute", "GET http://abs/x?y HTTP/1.1\r\nHost: h\r\n\r\n", "200 /x?y"},
    {"absolute_noslash", "GET http://abs HTTP/1.1\r\nHost: h\r\n\r\n", "200 /"},
    {"absolute_q", "GET http://abs?q HTTP/1.1\r\nHost: h\r\n\r\n", "200 /?q"},
    {"absolute_userinfo", "GET http://u@abs/x HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"absolute_weird_scheme", "GET a+b://abs/x HTTP/1.1\r\nHost: h\r\n\r\n", "200 /x"},
    {"connect", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "200 /"},
    {"trace", "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", "200 /"},
    {"nul_target", "GET /a\000b HTTP/1.1\r\nHost: h\r\n\r\n"sv, "400"},
    {"ctl_target", "GET /a\001b HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"del_target", "GET /a\177b HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"tab_target", "GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"hi_target", "GET /a\377b HTTP/1.1\r\nHost: h\r\n\r\n", "200 /a\377b"},
    {"pct00_target", "GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"badpct_target", "GET /a%zzb HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"pct_end", "GET /a% HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"frag_target", "GET /a#b?c HTTP/1.1\r\nHost: h\r\n\r\n", "200 /a#b?c"},
    {"dotdot_root", "GET /../x HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
    {"dotdot_pct", "GET /a/%2e%2e/x HTTP/1.1\r\nHost: h\r\n\r\n", "200 /a/%2e%2e/x"},
    {"slash_pct", "GET /a%2f..%2fx HTTP/1.1\r\nHost: h\r\n\r\n", "200 /a%2f..%2fx"},
    {"merge_slash", "GET //a///b HTTP/1.1\r\nHost: h\r\n\r\n", "200 //a///b"},
    {"bslash", "GET /a\\..\\b HTTP/1.1\r\nHost: h\r\n\r\n", "200 /a\\..\\b"},
    {"quote_target", "GET /a\"<>|^`{} HTTP/1.1\r\nHost: h\r\n\r\n", "200 /a\"<>|^`{}"},
    {"no_host", "GET /x HTTP/1.1\r\nA: b\r\n\r\n", "400"},
    {"dup_host", "GET /x HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", "400"},
    {"dup_host_same", "GET /x HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "400"},
    {"empty_host", "GET /x HTTP/1.1\r\nHost:\r\n\r\n", "400"},
    {"host_us", "GET /x HTTP/1.1\r\nHost: a_b\r\n\r\n", "200 /x"},
    {"host_bad", "GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},
    {"host_sp", "GET /x HTTP/1.1\r\nHost: a b\r\n\r\n", "400"},
    {"host_at", "GET /x HTTP/1.1\r\nHost: u@h\r\n\r\n", "400"},
    {"host_comma", "GET /x HTTP/1.1\r\nHost: a,b\r\n\r\n", "200 /x"},
    {"host_port_bad", "GET /x HTTP/1.1\r\nHost: h:abc\r\n\r\n", "400"},
    {"host_dots", "GET /x HTTP/1.1\r\nHost: a..b\r\n\r\n", "400"},
    {"host_upper_dot", "GET /x HTTP/1.1\r\nHost: HOST.Example.:8080\r\n\r\n", "200 /x"},
    {"host_nul", "GET /x HTTP/1.1\r\nHost: h\000i\r\n\r\n"sv, "400"},
    {"sp_before_colon", "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n", "400"},
    {"tab_before_colon", "GET / HTTP/1.1\r\nHost: h\r\nA\t: b\r\n\r\n", "400"},
    {"cl_sp_colon", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 3\r\n\r\nabc", "400"},
    {"no_colon", "GET / HTTP/1.1\r\nHost: h\r\nFoo\r\n\r\n", "200 / Foo:"},
    {"no_colon_sp", "GET / HTTP/1.1\r\nHost: h\r\nFoo bar\r\n\r\n", "400"},
    {"empty_name", "GET / HTTP/1.1\r\nHost: h\r\n: v\r\n\r\n", "400"},
    {"us_name", "GET / HTTP/1.1\r\nHost: h\r\nX_Y: b\r\n\r\n", "200 /"},
    {"bad_name_paren", "GET / HTTP/1.1\r\nHost: h\r\nX(Y): b\r\n\r\n", "200 /"},
    {"bad_name_hi", "GET / HTTP/1.1\r\nHost: h\r\nX\377Y: b\r\n\r\n", "200 /"},
    {"bad_name_ctl", "GET / HTTP/1.1\r\nHost: h\r\nX\001Y: b\r\n\r\n", "400"},
    {"bad_name_nul", "GET / HTTP/1.1\r\nHost: h\r\nX\000Y: b\r\n\r\n"sv, "400"},
    {"tchar_name", "GET / HTTP/1.1\r\nHost: h\r\nX!#$%&'*+.^`|~: b\r\n\r\n", "200 /"},
    {"obs_fold", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", "400"},
    {"obs_fold_tab", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\tc\r\n\r\n", "400"},
    {"obs_fold_first", "GET / HTTP/1.1\r\n Host: h\r\nA: b\r\n\r\n", "400"},
    {"obs_fold_te", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "400"},
    {"obs_fold_cl", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n 4\r\n\r\nabc", "400"},
    {"ws_only_line", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n \r\nC: d\r\n\r\n", "400"},
    {"nul_value", "GET / HTTP/1.1\r\nHost: h\r\nA: b\000c\r\n\r\n"sv, "400"},
    {"ctl_value", "GET / HTTP/1.1\r\nHost: h\r\nA: b\001c\r\n\r\n", "200 / A:b\001c"},
    {"ctl_value_esc", "GET / HTTP/1.1\r\nHost: h\r\nA: b\033c\r\n\r\n", "200 / A:b\033c"},
    {"del_value", "GET / HTTP/1.1\r\nHost: h\r\nA: b\177c\r\n\r\n", "200 / A:b\177c"},
    {"hi_value", "GET / HTTP/1.1\r\nHost: h\r\nA: b\377c\r\n\r\n", "200 / A:b\377c"},
    {"tab_value_lead", "GET / HTTP/1.1\r\nHost: h\r\nA:\tb\r\n\r\n", "200 / A:\tb"},
    {"tab_value_trail", "GET / HTTP/1.1\r\nHost: h\r\nA: b\t\r\n\r\n", "200 / A:b\t"},
    {"tab_value_mid", "GET / HTTP/1.1\r\nHost: h\r\nA: b\tc\r\n\r\n", "200 / A:b\tc"},
    {"empty_value", "GET / HTTP/1.1\r\nHost: h\r\nA:\r\n\r\n", "200 / A:"},
    {"expect_unknown", "POST / HTTP/1.1\r\nHost: h\r\nExpect: foo\r\nContent-Length: 1\r\n\r\nx", "200 / =x"},
    {"expect_obf", "POST / HTTP/1.1\r\nHost: h\r\nExpect: y 100-continue\r\nContent-Length: 1\r\n\r\nx", "200 / =x"},
    {"conn_bad", "GET / HTTP/1.1\r\nHost: h\r\nConnection: @@@ /;\r\n\r\n", "200 /"},
    {"proxyconn_bad", "GET / HTTP/1.1\r\nHost: h\r\nProxy-Connection: (((\r\n\r\n", "200 /"},
    {"cl_us_name", "POST / HTTP/1.1\r\nHost: h\r\nContent_Length: 3\r\n\r\n", "200 /"},
    {"get_cl", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "200 / =abc"},
    {"pipeline2", "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", "200 /1; 200 /2"},
    {"pipeline_crlf_between", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"
     "abc\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
     "200 / =abc; 200 /2"},
    {"cl0_body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
     "200 /; 200 /2"},
    {"h2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
    {"upgrade_bad", "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: @bad\r\n\r\n", "200 /"},
    {"te_sp_colon", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "400"},
    {"te_chunked", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"te_upper", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "200 / =abc"},
    {"te_nul", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\000\r\n\r\n3\r\nabc\r\n0\r\n\r\n"sv, "400"},
    {"te_us_name", "POST / HTTP/1.1\r\nHost: h\r\nTransfer_Encoding: chunked\r\n\r\n", "200 /"},
    {"get_chunked", "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"head_chunked", "HEAD / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"ch_upper_hex", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
     "200 / =0123456789"},
    {"ch_0x", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", "400"},
    {"ch_plus", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n", "400"},
    {"ch_neg", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n", "400"},
    {"ch_us", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0_3\r\nabc\r\n0\r\n\r\n", "400"},
    {"ch_lead0", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "000000000000000000000000003\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"ch_lead_sp", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n", "400"},
    {"ch_trail_sp", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"ch_trail_tab", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\t\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"ch_ext", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"ch_ext_sp", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3 ; a = b\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"ch_ext_bare", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"ch_ext_junk", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;@@@ =[]\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"ch_ext_junk_nosemi", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3 foo\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"ch_ext_ctl", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a\001b\r\nabc\r\n0\r\n\r\n",
     "200 / =abc"},
    {"ch_ext_nul", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a\000b\r\nabc\r\n0\r\n\r\n"sv,
     "200 / =abc"},
    {"ch_ext_lf", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\n", "400"},
    {"ch_ext_lf_then", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a\n\r\nabc\r\n0\r\n\r\n",
     "400"},
    {"ch_ext_cr", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a\rb\r\nabc\r\n0\r\n\r\n", "400"},
    {"ch_ext_quoted_crlf", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3;a=\"x\r\nabc\r\n0\r\n\r\n\"",
     "200 / =abc; 400"},
    {"ch_ext_quoted_lf", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3;a=\"x\ny\"\r\nabc\r\n0\r\n\r\n",
     "400"},
    {"ch_size_lf", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", "400"},
    {"ch_data_lf", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n", "400"},
    {"ch_data_cr", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r0\r\n\r\n", "400"},
    {"ch_data_none", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc0\r\n\r\n", "400"},
    {"ch_data_xx", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcXX0\r\n\r\n", "400"},
    {"ch_last_lf", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\n\r\n", "400"},
    {"ch_end_lf", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\n", "400"},
    {"ch_end_xx", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nXX", "more"},
    {"ch_empty_size", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n", "400"},
    {"ch_00_last", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n000\r\n\r\n",
     "200 / =abc"},
    {"ch_last_ext", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0;x=y\r\n\r\n",
     "200 / =abc"},
    {"ch_ovf64", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "10000000000000003\r\nabc\r\n0\r\n\r\n",
     "400"},
    {"ch_ffff", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n0\r\n\r\n",
     "400"},
    {"ch_i64max", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "7fffffffffffffff\r\nabc\r\n0\r\n\r\n",
     "400"},
    {"ch_trailer", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: v\r\n\r\n",
     "200 / =abc"},
    {"ch_trailer_cl", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n",
     "200 / =abc"},
    {"ch_trailer_te", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
     "200 / =abc"},
    {"ch_trailer_host", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\n0\r\nHost: evil\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n",
     "200 / =abc"},
    {"ch_trailer_conn", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\n0\r\nConnection: close\r\n\r\n",
     "200 / =abc"},
    {"ch_trailer_junk", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\n0\r\n@@ no colon\r\n\r\n",
     "200 / =abc"},
    {"ch_trailer_lf", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: v\n\r\n",
     "400"},
    {"ch_trailer_barecr", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\n0\r\nX-T: v\rY: z\r\n\r\n",
     "400"},
    {"ch_pipelined", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n",
     "200 / =abc; 200 /next"},
};

// Reads requests as a connection would, from bytes that arrive in pieces of a given size.
class Wire {
public:
    Wire(std::string_view bytes, std::size_t step) : bytes_(bytes), step_(step) {}

    std::string outcome() {
        std::string out;
        while (at_ < bytes_.size()) {
            std::string one;
            const std::string status = request(one);
            if (status.empty()) break;
            out += (out.empty() ? "" : "; ") + status + (status == "200" ? one : "");
            if (status != "200") break;
        }
        return out;
    }

private:
    // Feeds `parser` what is there from at_ on, growing by step_.
    template <class Parser>
    Parse line(Parser& parser, std::string& buffer) {
        for (std::size_t size = step_;; size += step_) {
            buffer = std::string(bytes_.substr(at_, size));
            const Parse verdict = parser.feed(buffer.data(), buffer.size());
            if (verdict == Parse::kAgain && size < bytes_.size() - at_) continue;
            if (verdict != Parse::kAgain) at_ += parser.consumed();
            return verdict;
        }
    }

    std::string request(std::string& out) {
        RequestLineParser parser;
        std::string buffer;
        const Parse verdict = line(parser, buffer);
        if (verdict == Parse::kAgain) return "";
        if (verdict == Parse::kInvalidVersion) return "505";
        if (verdict != Parse::kDone) return "400";
        const RequestLine r = parser.result(buffer.data());
        http::NormalisedUri uri;
        http::Host host;
        if (r.complex && !http::normalise(r.target, true, arena_, uri)) return "400";
        if (r.has_host && !http::validate_host(r.host, arena_, host)) return "400";
        out = " " + std::string(r.target[0] == '/' ? "" : "/") + std::string(r.target);
        if (r.http09) return "200";
        return headers(r.minor > 0, out);
    }

    std::string headers(bool needs_host, std::string& out) {
        int hosts = 0;
        bool chunked = false;
        std::size_t length = 0;
        HeaderLineParser parser;
        std::string buffer;
        for (;;) {
            const Parse verdict = line(parser, buffer);
            if (verdict == Parse::kAgain) return "more";
            if (verdict == Parse::kInvalid) return "400";
            if (verdict == Parse::kEnd) break;
            const HeaderLine header = parser.result(buffer.data());
            if (header.invalid_name) continue;
            http::Host host;
            if (iequals(header.name, "Host") && (++hosts > 1 || !http::validate_host(header.value, arena_, host)))
                return "400";
            if (iequals(header.name, "Transfer-Encoding")) chunked = iequals(header.value, "chunked");
            if (iequals(header.name, "Content-Length")) length = parse_decimal(header.value).value_or(0);
            if (!hop(header.name)) out += " " + std::string(header.name) + ":" + std::string(header.value);
        }
        if (needs_host && hosts == 0) return "400";
        return body(chunked, length, out);
    }

    static bool hop(std::string_view name) {
        for (const auto one : {"Host", "Connection", "Proxy-Connection", "Expect", "Upgrade", "Transfer-Encoding",
                               "Content-Length"})
            if (iequals(name, one)) return true;
        return false;
    }

    std::string body(bool chunked, std::size_t length, std::string& out) {
        std::string text(bytes_.substr(at_, length));
        at_ += text.size();
        ChunkedDecoder decoder;
        for (auto verdict = ChunkedDecoder::Step::kAgain; chunked && verdict != ChunkedDecoder::Step::kDone;) {
            std::size_t used = 0;
            std::string_view data;
            verdict = decoder.feed(bytes_.substr(at_, step_), used, data);
            at_ += used;
            text += data;
            if (verdict == ChunkedDecoder::Step::kInvalid) return "400";
            if (verdict == ChunkedDecoder::Step::kAgain && at_ == bytes_.size()) return "more";
        }
        if (!text.empty()) out += " =" + text;
        return "200";
    }

    std::string_view bytes_;
    std::size_t step_;
    std::size_t at_ = 0;
    Arena arena_;
};

TEST(Wire, WholeAndInPieces) {
    for (const Row& row : kRows) {
        EXPECT_EQ(Wire(row.bytes, row.bytes.size()).outcome(), row.outcome) << row.name;
        for (std::size_t step = 1; step < 20; ++step)
            EXPECT_EQ(Wire(row.bytes, step).outcome(), row.outcome) << row.name << " in pieces of " << step;
    }
}

}  // namespace
}  // namespace bext::http1
