// The script of the dashboard. Whatever comes from the machine is put in as text, never as HTML, and only what has changed is
// put in anew: a screen reader would say it again, and a selection or an unfolded part would be lost.
#include "takeover/dashboard_parts.h"

namespace bext::takeover {

const char* const kDashboardScript = R"js(
const $=id=>document.getElementById(id);
const put=(parent,tag,text,kind)=>{const e=document.createElement(tag);if(text!==undefined)e.textContent=text;if(kind)e.className=kind;parent.append(e);return e};
const say=(id,text)=>{if($(id).textContent!==text)$(id).textContent=text};
const many=(n,word)=>n+' '+word+(n===1?'':'s');
const shown={};
const changed=(name,value)=>{const text=JSON.stringify(value);if(shown[name]===text)return false;shown[name]=text;return true};
// What the browser sends by itself, the cookie, is worth nothing without this.
const key=sessionStorage.getItem('bext-key')||'';
const call=(path,options)=>fetch(path,{...options,headers:{'X-Bext-Key':key}});
const clock=seconds=>new Date(seconds*1000).toLocaleTimeString([],{hourCycle:'h23',hour:'2-digit',minute:'2-digit',second:'2-digit'});

// The phase, and what the buttons may do.
const MEANING={Preflight:'nginx serves; nothing has been changed.',TakingOver:'bext is taking nginx’s place; nobody is refused meanwhile.',
  Active:'bext serves in nginx’s place, and starts at boot. Not yet: certbot, logrotate, nginx -s and systemctl reload nginx find no nginx. Next: bext nginx masquerade install has bext answer them.',RollingBack:'nginx is getting its place back; nobody is refused meanwhile.',
  RolledBack:'nginx serves as before.',Failed:'The last transition failed.'};
let critical=null,last=null,connected=false;
function path(t){
  if(!changed('path',[t.phase,t.history.length]))return;
  const been=new Set(['Preflight',...t.history.filter(r=>r.kind==='phase').map(r=>r.name)]);
  $('path').replaceChildren();
  for(const name of ['Preflight','TakingOver','Active','RollingBack','RolledBack',...(t.phase==='Failed'?['Failed']:[])]){
    const li=put($('path'),'li',undefined,name==='Failed'?'failed':been.has(name)?'been':'');put(li,'span',name);
    if(name===t.phase)li.setAttribute('aria-current','step');
  }
}
function why(t,busy){
  if(!connected)return 'Neither button works until the connection is back.';
  if(busy)return last.doing==='checks'?'The machine is being checked.':'A transition is under way.';
  if(t.committed||t.phase==='Active')return 'bext serves already. Rollback gives the ports back to nginx.';
  if(critical===null)return 'The checks are being read.';
  if(critical.length)return (critical.length===1?'1 critical check fails: ':critical.length+' critical checks fail: ')+critical.join(', ')+
    '. Mend that, then check again.';
  return 'No critical check fails. Rollback is possible at any time afterwards.';
}
// Something is under way, of this page or of a command elsewhere.
const moving=status=>status.busy||['TakingOver','RollingBack'].includes(status.takeover.state.phase);
function progress(status,step){
  const now=step&&step.kind==='step'?step.text||step.name:'beginning';
  switch(status.takeover.state.phase){case 'TakingOver':return 'Taking over: '+now+' …';case 'RollingBack':return 'Rolling back: '+now+' …'}
  return status.doing==='rollback'?'Rolling back: beginning …':status.doing==='takeover'?'Taking over: checking the machine once more …':'Checking the machine again …';
}
function buttons(){
  if(!last)return;
  const t=last.takeover.state,busy=moving(last);
  $('take').disabled=!connected||busy||critical===null||critical.length>0||t.committed||t.phase==='Active';
  $('back').disabled=!connected||busy||!(t.phase==='Active'||t.phase==='Failed');
  $('again').disabled=!connected||busy||t.committed||t.phase==='Active';
  say('why',why(t,busy));$('why').className=critical&&critical.length&&!busy&&!t.committed?'bad':'soft';
}
const newest=()=>{$('history').scrollTop=$('history').scrollHeight};
addEventListener('resize',newest);
function show(status){
  last=status;const t=status.takeover.state;
  path(t);say('phase',t.phase);say('meaning',MEANING[t.phase]||'');
  say('reason',t.reason&&t.reason!==status.trouble?'Reason: '+t.reason:'');say('trouble',status.trouble);
  const steps=t.history.filter(r=>r.kind!=='note');
  $('overlay').hidden=!moving(status);document.body.classList.toggle('moving',moving(status));
  say('moving',moving(status)?progress(status,steps.at(-1)):'');
  if(changed('looked',status.takeover.looked)){again(checks);again(rehearse);say('looked','As the machine was at '+clock(status.takeover.looked/1000)+'.')}
  if(changed('history',steps)){
    $('history').replaceChildren();
    for(const r of steps){const li=put($('history'),'li'),time=put(li,'time',clock(r.time));time.dateTime=new Date(r.time*1000).toISOString();
      const text=put(li,'span');if(r.kind==='step')text.textContent=r.text||r.name;else{put(text,'b',r.name);if(r.text)text.append(': '+r.text)}}
    newest();
    if(!steps.length)put(put($('history'),'li'),'span','nothing yet','soft');
  }
  for(const c of CHARTS)draw(c,status.takeover.samples);
  buttons();
}

// The charts: two minutes, the newest second at the right.
const CHARTS=[{name:'requests',title:'Requests',unit:'/s'},{name:'errors',title:'Errors',unit:'/s'},{name:'milliseconds',title:'Answer time',unit:' ms'}];
const WIDTH=119,HEIGHT=50;
for(const c of CHARTS){
  const f=put($('charts'),'figure',undefined,c.name),caption=put(f,'figcaption',c.title);c.now=put(caption,'b','–');
  c.plot=put(f,'div',undefined,'plot');c.top=put(c.plot,'span','','top');
  c.svg=document.createElementNS('http://www.w3.org/2000/svg','svg');c.plot.append(c.svg);
  c.svg.setAttribute('viewBox','0 0 '+WIDTH+' '+HEIGHT);c.svg.setAttribute('preserveAspectRatio','none');c.svg.setAttribute('role','img');c.svg.id='c-'+c.name;
  const axis=put(f,'div',undefined,'axis');axis.setAttribute('aria-hidden','true');put(axis,'span','2 min ago');put(axis,'span','now');
  c.facts=put(f,'p','','small');
}
const nice=most=>{let step=10**Math.floor(Math.log10(Math.max(most,1)));return [1,2,5,10].map(n=>n*step).find(n=>n>=most)};
const mean=list=>list.length?(list.reduce((a,b)=>a+b,0)/list.length).toFixed(1):'–';
function draw(c,samples){
  const value=s=>s[c.name],top=nice(Math.max(1,...samples.map(value))),x=i=>WIDTH-(samples.length-1-i),y=v=>HEIGHT-1-(HEIGHT-4)*v/top;
  const made=(tag,facts)=>{const e=document.createElementNS('http://www.w3.org/2000/svg',tag);for(const k in facts)e.setAttribute(k,facts[k]);c.svg.append(e)};
  c.svg.replaceChildren();c.plot.querySelectorAll('.at').forEach(e=>e.remove());
  made('line',{class:'half',x1:0,x2:WIDTH,y1:y(top/2),y2:y(top/2)});
  const switches=samples.map((s,i)=>i).filter(i=>i&&samples[i].committed!==samples[i-1].committed);
  const ends=[0,...switches,samples.length];
  for(let k=0;k+1<ends.length;k++)if(samples[ends[k]]?.committed)made('rect',{x:x(ends[k]),y:0,width:Math.max(0,x(Math.min(ends[k+1],samples.length-1))-x(ends[k])),height:HEIGHT});
  made('polyline',{points:samples.map((s,i)=>x(i)+','+y(value(s))).join(' ')});
  for(const i of switches){
    made('line',{x1:x(i),x2:x(i),y1:0,y2:HEIGHT});
    const at=put(c.plot,'span',samples[i].committed?'bext':'nginx','at');at.setAttribute('aria-hidden','true');
    at.style.left=Math.min(95,Math.max(20,100*x(i)/WIDTH))+'%';
  }
  c.now.textContent=samples.length?value(samples.at(-1))+c.unit:'–';c.top.textContent='max '+top+c.unit;
  const at=switches.at(-1);
  c.facts.textContent=at===undefined?'average '+mean(samples.map(value))+c.unit:
    'average before the switch to '+(samples[at].committed?'bext ':'nginx ')+mean(samples.slice(switches.at(-2)||0,at).map(value))+c.unit+', after '+mean(samples.slice(at).map(value))+c.unit;
  c.svg.setAttribute('aria-label',c.title+': now '+c.now.textContent+', axis to '+top+c.unit+'; '+c.facts.textContent+
    (at===undefined?'':'; switched at '+clock(samples[at].time)));
}

// What a look at the machine has shown.
const get=async path=>{const r=await call(path);if(!r.ok)throw Object.assign(new Error(path+': '+r.status),{status:r.status});return r.json()};
const GROUPS=[['fail','Failed','bad'],['warn','Warnings','warn mark'],['pass','Passed','good']];
function one(parent,c,kind){
  const li=put(parent,'li',undefined,'check '+c.verdict),head=put(li,'div');put(head,'b',c.name);
  if(c.critical&&kind==='bad')put(head,'span','critical','tag bad');
  if(c.reason)put(li,'p',c.reason,c.verdict==='pass'?'':kind==='bad'?'bad':'');
  if(c.mend&&c.verdict!=='pass')put(li,'p',c.mend,'mend');
  if(c.looked_at)put(li,'p','Looked at '+c.looked_at,'soft small');
}
async function checks(){
  const all=await get('/api/checks'),of=verdict=>all.filter(c=>c.verdict===verdict);
  critical=of('fail').filter(c=>c.critical).map(c=>c.name);
  $('checks').replaceChildren();
  for(const [verdict,title,kind] of GROUPS){
    const list=of(verdict);if(!list.length)continue;
    list.sort((a,b)=>b.critical-a.critical);
    const box=verdict==='pass'?put($('checks'),'details'):$('checks');
    put(box,verdict==='pass'?'summary':'h3',title+' ('+list.length+')',kind);
    const ul=put(box,'ul',undefined,'plain');for(const c of list)one(ul,c,kind);
  }
  say('counts',of('pass').length+' passed, '+many(of('warn').length,'warning')+', '+of('fail').length+' failed');buttons();
}
function named(table,text,place){const tr=put($(table),'tr'),th=put(tr,'th',text);th.scope='row';if(place)put(th,'span',place,'place');return tr}
function host(s){
  const tr=named('hosts',s.names.join(' ')||'(no name)',s.place);const at=put(tr,'td');for(const l of s.listens.length?s.listens:['80'])put(at,'div',l);
  const td=put(tr,'td');if(!s.certificate){td.textContent='none';td.className='soft';return}
  const d=s.days_left,kind=d===null?'warn mark':d<0?'bad':d<14?'warn mark':'good';
  put(td,'span',d===null?'cannot be read':d<0?'expired '+many(-d,'day')+' ago':d<14?'expires soon: '+many(d,'day')+' left':many(d,'day')+' left',kind);
  put(td,'span',s.certificate,'place');
}
function backend(b,block){
  const tr=named('upstreams',(block?block+': ':'')+b.address,b.place),td=put(tr,'td');
  put(td,'span',b.state,{up:'good',down:'bad',unknown:'warn mark'}[b.state]);if(b.reason)put(td,'span',b.reason,'place');
}
function empty(table,columns,text){if(!$(table).children.length){const td=put(put($(table),'tr'),'td',text,'soft');td.colSpan=columns}}
async function config(){
  const c=await get('/api/config');if(!changed('config',c))return;
  const servers=c.upstreams.flatMap(u=>u.servers).concat(c.backends);
  for(const id of ['hosts','upstreams','warnings','stats'])$(id).replaceChildren();
  say('file',c.file+(c.nginx?' of '+c.nginx:''));
  for(const s of c.servers)host(s);
  for(const u of c.upstreams)for(const b of u.servers)backend(b,u.name);
  for(const b of c.backends)backend(b);
  for(const w of c.warnings)put($('warnings'),'li',w.replace(/^\[warn\] /,''),'warn');
  $('warnings').className=c.warnings.length?'':'plain';if(!c.warnings.length){put($('warnings'),'li','none','soft')}
  empty('hosts',3,'none');empty('upstreams',2,'none');
  const down=servers.filter(b=>b.state==='down').length,warned=c.warnings.length;
  for(const [n,word,kind] of [[c.servers.length,'virtual host'],[c.listens.length,'listen'],[c.upstreams.length,'upstream'],[down,'backend down','bad'],
    [new Set(c.servers.map(s=>s.certificate).filter(Boolean)).size,'certificate'],[c.directives,'directive'],[warned,'warning','warn']]){
    const div=put($('stats'),'div');put(div,'dt',n===1?word:word.replace(/^\S+$|^virtual host|^backend/,'$&s'));put(div,'dd',n,n?kind:'')}
}

// The rehearsal, where there is one.
function rehearsal(r){
  if(!changed('rehearsal',r))return;
  $('rehearsal').hidden=false;$('locations').replaceChildren();
  const done=r.state==='done';
  say('rehearsed',done?r.percent+' % of '+many(r.requests,'request')+' answered as nginx does ('+r.matched+')':(r.state||'unknown')+(r.reason?': '+r.reason:''));
  $('rehearsed').className=!done?(r.state==='failed'?'bad':'soft'):r.matched<r.requests?'warn mark':'good';
  if(!r.locations||!r.locations.length)return;
  const table=put($('locations'),'table'),tr=put(put(table,'thead'),'tr');table.setAttribute('aria-labelledby','h-rehearsal');
  for(const title of ['Location','Requests','As nginx'])put(tr,'th',title).scope='col';
  const body=put(table,'tbody');
  for(const l of [...r.locations].sort((a,b)=>a.percent-b.percent)){
    const tr=put(body,'tr'),th=put(tr,'th',l.server+' '+l.location);th.scope='row';
    put(tr,'td',l.requests);put(tr,'td',l.percent+' %',l.matched<l.requests?'warn mark':'good');
    if(!l.differences||!l.differences.length)continue;
    const details=put(th,'details');details.open=true;put(details,'summary',many(l.differences.length,'difference'));
    const ul=put(details,'ul');for(const d of l.differences){const li=put(ul,'li',d.what);put(li,'span',d.request,'place')}
  }
}
const rehearse=async()=>rehearsal(await get('/api/rehearsal'));

// Changing something: asked first.
function ask(title,detail,yes,path){
  say('question',title);say('detail',detail);say('yes',yes);$('ask').showModal();$('no').focus();
  $('no').onclick=()=>$('ask').close();
  $('yes').onclick=()=>{$('ask').close();$('h-phase').focus();begin(path)};
}
async function begin(path){
  try{const r=await call(path,{method:'POST'});if(!r.ok)say('trouble',(await r.json()).error)}
  catch{say('trouble','The command could not be reached; nothing was begun.')}
}
$('again').onclick=()=>{$('h-checks').focus();begin('/api/checks')};
$('take').onclick=()=>ask('Take over now?','bext serves in nginx’s place, on nginx’s own sockets: nobody is refused meanwhile. If a step fails, nginx goes on as before.','Take over now','/api/takeover');
$('back').onclick=()=>ask('Roll back to nginx?','nginx is started again and gets the ports back: nobody is refused meanwhile.','Roll back now','/api/rollback');

const again=task=>task().catch(e=>{if(e.status!==403)setTimeout(()=>again(task),2000)});
setInterval(()=>{if(!document.hidden&&connected)config().catch(()=>{})},5000);again(config);
// Not by EventSource, which sends no header of ours.
async function listen(){
  const r=await call('/api/events');
  if(!r.ok)throw Object.assign(new Error('events: '+r.status),{status:r.status});
  const reader=r.body.pipeThrough(new TextDecoderStream()).getReader();
  for(let rest='';;){
    const {done,value}=await reader.read();if(done)throw new Error('events: the end');
    const events=(rest+value).split('\n\n');rest=events.pop();
    for(const e of events)if(e.startsWith('data: ')){connected=true;say('lost','');show(JSON.parse(e.slice(6)))}
  }
}
function lost(e){
  const over=e.status===403;
  connected=false;$('overlay').hidden=true;
  say('lost',over?'This page is over: open the URL that bext nginx-takeover printed last.':
    'Connection lost, trying again. What this page shows may be old; what serves goes on serving.');buttons();
  if(!over)setTimeout(follow,2000);
}
const follow=()=>listen().catch(lost);
follow();
)js";

}  // namespace bext::takeover
