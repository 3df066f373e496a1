// The style of the dashboard: one column on a phone, light and dark, every text with a contrast of at least 4.5:1.
#include "dashboard/page.h"

namespace bext::dashboard {

const char* const kStyle = R"css(
:root{color-scheme:light dark;--bg:#f4f6f8;--card:#fff;--text:#17202a;--soft:#51606e;--line:#d5dbe1;--good:#12703b;--warn:#855600;--bad:#b3261e;
--accent:#1454b8;--on-accent:#fff;--tint:#1454b81c;--badtint:#b3261e14}
@media (prefers-color-scheme:dark){:root{--bg:#11161c;--card:#1a212a;--text:#e8edf2;--soft:#a9b6c3;--line:#35414e;--good:#58c98b;--warn:#e6b450;
--bad:#ff9088;--accent:#8ab4ff;--on-accent:#0d1726;--tint:#8ab4ff26;--badtint:#ff90881c}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.45 system-ui,sans-serif;overflow-wrap:break-word}
body.moving{padding-bottom:9rem}
header,main{max-width:68rem;margin:auto;padding:1rem}main{padding-top:0}
h1{font-size:1.3rem;margin:0}h2{font-size:1.05rem;margin:0 0 .6rem;width:fit-content}h3{font-size:.95rem;margin:1rem 0 .3rem}p{margin:.4rem 0}
section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem;margin:0 0 1rem}
code{font:.92em ui-monospace,monospace}
.table{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.94rem}
th,td{text-align:left;padding:.4rem .6rem .4rem 0;border-top:1px solid var(--line);vertical-align:top}
thead th{white-space:nowrap;color:var(--soft);font-weight:600;border-top:0}tbody th{font-weight:600}
ul,ol{margin:0;padding-left:1.2rem}ul.plain,ol.plain{list-style:none;padding:0}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.soft{color:var(--soft)}.small{font-size:.86rem}
.good,.warn.mark,.bad{font-weight:600}.place{color:var(--soft);font:.82rem/1.4 ui-monospace,monospace;display:block}
.faults{font-weight:400}.faults li{padding:.2rem 0}.inner th{padding-left:1.2rem;font-weight:400}
.health .place{white-space:normal}#locations td{white-space:nowrap}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem;margin:0}.facts dt{color:var(--soft)}.facts dd{margin:0;white-space:pre-wrap}
.log{margin:0;max-height:16rem;overflow:auto;background:var(--bg);border:1px solid var(--line);border-radius:.3rem;padding:.5rem;
font:.82rem/1.4 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
.choice{margin:0 0 .8rem}
select,dialog input{font:inherit;color:var(--text);background:var(--bg);border:1px solid var(--soft);border-radius:.4rem;padding:.45rem .6rem;min-height:2.5rem}
select{max-width:100%}dialog input{display:block;width:100%;margin-top:.3rem}
progress{width:100%;height:.7rem;accent-color:var(--accent)}
.phase{font-size:1.7rem;font-weight:700;line-height:1.2}
.path{display:flex;flex-wrap:wrap;gap:.3rem .2rem;list-style:none;padding:0;margin:.2rem 0 .9rem;font-size:.9rem;color:var(--soft)}
.path li{display:flex;align-items:center;gap:.2rem}.path li+li::before{content:"→";content:"→"/"";padding:0 .15rem}
.path span{border:1px solid var(--line);border-radius:1rem;padding:.1rem .7rem}
.path .been span{border-color:var(--good);color:var(--good)}
.path [aria-current] span{background:var(--accent);border-color:var(--accent);color:var(--on-accent);font-weight:700}
.path .failed[aria-current] span{background:var(--bad);border-color:var(--bad);color:var(--card)}
.stats{display:flex;flex-wrap:wrap;gap:.6rem;margin:0 0 1rem}
.stats div{flex:1 1 6.2rem;justify-content:flex-end;background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.5rem .8rem;
display:flex;flex-direction:column-reverse}
.stats dt{color:var(--soft);font-size:.86rem}.stats dd{margin:0;font-size:1.4rem;font-weight:700}
.check{border-left:.3rem solid var(--line);padding:.35rem .8rem;margin:.4rem 0}.check p{margin:.15rem 0;font-weight:400}
.check.fail{border-color:var(--bad);background:var(--badtint)}.check.warn{border-color:var(--warn);color:inherit}.check.pass{border-color:var(--good)}
.tag{border:1px solid currentColor;border-radius:.3rem;font-size:.78rem;padding:0 .3rem;margin-left:.4rem;font-weight:600}
.mend::before{content:"Mend: ";font-weight:600}
summary{cursor:pointer;padding:.5rem 0;min-height:2.6rem;font-weight:600}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:1.2rem}
figure{margin:0}figcaption{display:flex;justify-content:space-between;gap:.5rem;align-items:baseline}figcaption b{font-size:1.15rem;white-space:nowrap}
.plot{position:relative;margin-top:1.4rem}.plot svg{display:block;width:100%;height:6rem;background:var(--bg);border:1px solid var(--line);border-radius:.3rem}
.plot input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:crosshair}
.plot:focus-within svg{outline:3px solid var(--accent);outline-offset:2px}
output{color:var(--text);font-weight:600}
.axis{display:flex;justify-content:space-between;color:var(--soft);font-size:.8rem}
.top{position:absolute;left:0;top:-1.25rem;color:var(--soft);font-size:.8rem}
.at{position:absolute;top:-1.25rem;color:var(--warn);font-size:.8rem;font-weight:600;transform:translateX(-50%);white-space:nowrap}
polyline{fill:none;stroke:var(--accent);stroke-width:2;vector-effect:non-scaling-stroke}
line{stroke:var(--text);stroke-width:1;vector-effect:non-scaling-stroke}
line.switch{stroke:var(--warn);stroke-width:2;stroke-dasharray:5 3}line.half{stroke:var(--line)}
rect{fill:var(--tint)}.errors polyline{stroke:var(--bad)}
.key{display:inline-block;width:.9rem;height:.9rem;background:var(--tint);border:1px solid var(--accent);vertical-align:-.1rem}
button{font:inherit;padding:.7rem 1.2rem;border-radius:.5rem;border:1px solid var(--accent);background:var(--accent);color:var(--on-accent);font-weight:600;
min-height:2.75rem;cursor:pointer}
button.quiet{background:none;color:var(--accent)}
button:disabled{background:var(--bg);border:1px dashed var(--soft);color:var(--soft);font-weight:400;cursor:not-allowed}
button.small{padding:.2rem .7rem;min-height:2.2rem;font-size:.86rem;margin:.2rem 0}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
.buttons{display:flex;flex-wrap:wrap;gap:.8rem;margin-top:.9rem}
.notice{border:1px solid currentColor;border-radius:.4rem;padding:.5rem .8rem;font-weight:600}.notice:empty{display:none}
#lost{position:sticky;top:.5rem;background:var(--card);z-index:2;max-width:66rem;width:calc(100% - 2rem);margin:0 auto 1rem}
dialog{border:1px solid var(--line);border-radius:.6rem;background:var(--card);color:var(--text);max-width:min(32rem,calc(100vw - 2rem));padding:1.2rem}
dialog::backdrop{background:#000a}
#overlay{position:fixed;inset:auto 0 0 0;background:var(--card);border-top:4px solid var(--accent);
padding:.9rem 1rem;box-shadow:0 -.3rem 1.2rem #0005;z-index:3}
#overlay div{max-width:66rem;margin:auto;display:flex;gap:1rem;align-items:center}#overlay p{margin:0}
.turn{flex:none;width:1.6rem;height:1.6rem;border:.25rem solid var(--line);border-top-color:var(--accent);border-radius:50%;animation:turn 1s linear infinite}
@keyframes turn{to{transform:rotate(1turn)}}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important;scroll-behavior:auto!important}}
.two{display:grid;grid-template-columns:minmax(0,8fr) minmax(0,5fr);gap:0 1rem;align-items:stretch}
.times{height:17rem;overflow-y:auto}
.times li{display:flex;gap:.8rem;padding:.2rem 0}.times time{white-space:nowrap;color:var(--soft);font-variant-numeric:tabular-nums}
@media (max-width:52rem){.two{grid-template-columns:minmax(0,1fr)}.times{height:auto;max-height:15rem}}
@media (max-width:30rem){header,main{padding-left:.6rem;padding-right:.6rem}section{padding:.8rem}th,td{padding-right:.4rem}.buttons button{flex:1}
table,tbody,tr,th,td{display:block;border:0}thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
tbody tr{border-top:1px solid var(--line);padding:.5rem 0}tbody th,tbody td{padding:.1rem 0}.inner th{padding-left:0}
#series tbody tr,#upstreams tbody tr{display:grid;grid-template-columns:1fr 1fr;column-gap:1rem}#series th,#upstreams th,#upstreams .health{grid-column:1/-1}
td{display:grid;grid-template-columns:6rem minmax(0,1fr);column-gap:.8rem}#series td,#upstreams td{grid-template-columns:5rem minmax(0,1fr)}
#locations td{white-space:normal}
td::before{content:attr(data-title);color:var(--soft);font-weight:400;grid-area:1/1}td>*{grid-column:2}
.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.5rem}}
[hidden]{display:none!important}
)css";

}  // namespace bext::dashboard
