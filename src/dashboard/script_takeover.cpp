// The page of a takeover: the phase and its way, checks, rehearsal, and the buttons.
#include "dashboard/page.h"

namespace bext::dashboard {

const char* const kTakeoverScript = R"js(
// The phase, and what the buttons may do.
const MEANING={Preflight:'nginx serves; nothing has been changed.',TakingOver:'bext is taking nginx’s place; nobody is refused meanwhile.',
  Active:'bext serves in nginx’s place, and starts at boot.',RollingBack:'nginx is getting its place back; nobody is refused meanwhile.',
  RolledBack:'nginx serves as before.',Failed:'The last transition failed.'};
let critical=null;
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
  return status.doing==='rollback'?'Rolling back: beginning …':
    status.doing==='takeover'?'Taking over: checking the machine once more …':'Checking the machine again …';
}
function buttons(){
  if(!last)return;
  const t=last.takeover.state,busy=moving(last);
  $('take').disabled=!connected||busy||critical===null||critical.length>0||t.committed||t.phase==='Active';
  $('back').disabled=!connected||busy||!(t.phase==='Active'||t.phase==='Failed');
  $('again').disabled=!connected||busy||t.committed||t.phase==='Active';
  say('why',why(t,busy));$('why').className=critical&&critical.length&&!busy&&!t.committed?'bad':'soft';
}
// How far the transition is, in steps.
function progressBar(t,step){
  $('step').hidden=!t.progress;if(!t.progress)return;
  const {step:n,of}=t.progress;
  say('doing',n?'Step '+n+' of '+of+': '+(step?.kind==='step'?step.text||step.name:'')+' …':'Beginning: '+of+' steps …');
  $('bar').max=of;$('bar').value=Math.max(0,n-1);
}
// After a takeover: what does not find nginx, and what is done about it.
function next(t){
  const due=t.phase==='Active'&&t.committed&&!t.masquerade;
  $('next').hidden=!due;if(!changed('due',due)||!due)return;
  again(async()=>{
    const n=await get('/api/next');say('step-next',n.command);$('asks').replaceChildren();
    faults($('asks'),n.asks_for_nginx.map(a=>({place:a.place,text:a.kind+': '+a.happens})));
  });
}
const newest=()=>{$('history').scrollTop=$('history').scrollHeight};
addEventListener('resize',newest);
function show(status){
  const t=status.takeover.state;head(status,t.phase);
  path(t);say('phase',t.phase);say('meaning',MEANING[t.phase]||'');
  say('reason',t.reason&&t.reason!==status.trouble?'Reason: '+t.reason:'');say('trouble',status.trouble);
  const steps=t.history.filter(r=>r.kind!=='note');
  $('overlay').hidden=!moving(status);document.body.classList.toggle('moving',moving(status));
  say('moving',moving(status)?progress(status,steps.at(-1)):'');
  if(changed('looked',status.takeover.looked)){again(checks);again(rehearse);say('looked','As the machine was at '+clock(status.takeover.looked/1000)+'.')}
  if(changed('history',steps)){
    $('history').replaceChildren();
    for(const r of steps){
      const li=put($('history'),'li'),time=put(li,'time',clock(r.time)),text=put(li,'span');time.dateTime=new Date(r.time*1000).toISOString();
      if(r.kind==='step')text.textContent=r.text||r.name;
      else if(r.kind==='accept')text.textContent='accepted: '+r.name+': '+r.text;
      else{put(text,'b',r.name);if(r.text)text.append(': '+r.text)}
    }
    newest();
    if(!steps.length)put(put($('history'),'li'),'span','nothing yet','soft');
  }
  progressBar(t,steps.at(-1));next(t);events(status.server?status.server.events||[]:null);
  buttons();
}

const GROUPS=[['fail','Failed','bad'],['warn','Warnings','warn mark'],['pass','Passed','good']];
function one(parent,c,kind){
  const li=put(parent,'li',undefined,'check '+c.verdict),head=put(li,'div');put(head,'b',c.name);
  if(c.critical&&kind==='bad')put(head,'span','critical','tag bad');
  if(c.faults.length)faults(put(li,'ul',undefined,'plain faults'+(kind==='bad'?' bad':'')),c.faults);
  else if(c.reason)put(li,'p',c.reason,c.verdict==='pass'?'':kind==='bad'?'bad':'');
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

// The rehearsal, where there is one.
function rehearsal(r){
  if(!changed('rehearsal',r))return;
  const differ=r.requests-r.matched,open=differ-(r.accepted||0);
  $('rehearsal').hidden=false;$('locations').replaceChildren();
  const accepted=!open?', which was accepted':open<differ?'; '+(differ-open)+' of them accepted':'';
  const result=differ?differ+' of '+many(r.requests,'request')+(differ===1?' differs':' differ')+accepted:
    (r.requests===1?'The request is':'All '+r.requests+' requests are')+' answered as nginx does';
  say('rehearsed',r.state!=='done'?(r.state||'unknown')+(r.reason?': '+r.reason:''):result+(r.reason?' ('+r.reason+')':''));
  $('rehearsed').className=r.state!=='done'?(r.state==='failed'?'bad':'soft'):open?'bad':differ?'warn mark':'good';
  if(!r.locations||!r.locations.length)return;
  const t=table($('locations'),'h-rehearsal',['Location','Requests','As nginx']);
  for(const l of [...r.locations].sort((a,b)=>a.percent-b.percent)){
    const tr=row(t,l.server+' '+l.location),differs=l.requests-l.matched;
    cell(t,tr,l.requests);cell(t,tr,differs?differs+' of '+l.requests+(differs===1?' differs':' differ'):'all',differs?'warn mark':'good');
    if(!l.differences||!l.differences.length)continue;
    const details=put(tr.firstElementChild,'details');details.open=true;put(details,'summary',many(l.differences.length,'difference'));
    const ul=put(details,'ul',undefined,'plain faults');
    for(const d of [...l.differences].sort((a,b)=>!!a.accepted-!!b.accepted))difference(ul,l,d);
  }
}
function difference(ul,l,d){
  const li=put(ul,'li',d.what);broken(put(li,'span',undefined,'place'),d.request+(d.requests>1?' and '+many(d.requests-1,'more request'):''));
  if(d.accepted)put(li,'span','Accepted: '+d.accepted,'good');
  else if(!d.framed){const b=put(li,'button','Accept …','quiet small');b.setAttribute('aria-label','Accept: '+d.what);b.onclick=()=>acceptance(l,d)}
}
// One difference is taken, with a reason.
function acceptance(l,d){
  const why=$('why-accept');
  say('difference',l.server+' '+l.location+': '+d.request+': '+d.what);why.value='';$('accept-yes').disabled=true;
  why.oninput=()=>{$('accept-yes').disabled=!why.value.trim()};
  why.onkeydown=e=>{if(e.key==='Enter'&&!$('accept-yes').disabled)$('accept-yes').click()};
  $('accept-no').onclick=()=>$('accept').close();
  $('accept-yes').onclick=()=>{$('accept').close();$('h-rehearsal').focus();begin('/api/accept',[l.server,l.location,d.what,why.value.trim()].join('\n'))};
  $('accept').showModal();why.focus();
}
const rehearse=async()=>rehearsal(await get('/api/rehearsal'));

// Changing something: asked first.
function ask(title,detail,yes,path){
  say('question',title);say('detail',detail);say('yes',yes);$('ask').showModal();$('no').focus();
  $('no').onclick=()=>$('ask').close();
  $('yes').onclick=()=>{$('ask').close();$('h-phase').focus();begin(path)};
}
async function begin(path,body){
  try{const r=await call(path,{method:'POST',body});if(!r.ok)say('trouble',(await r.json()).error)}
  catch{say('trouble','The command could not be reached; nothing was begun.')}
}
$('again').onclick=()=>{$('h-checks').focus();begin('/api/checks')};
$('take').onclick=()=>ask('Take over now?','bext serves in nginx’s place, on nginx’s own sockets: nobody is refused meanwhile. '+
  'If a step fails, nginx goes on as before.','Take over now','/api/takeover');
$('back').onclick=()=>ask('Roll back to nginx?','nginx is started again and gets the ports back: nobody is refused meanwhile.','Roll back now','/api/rollback');
// The connection is lost: nothing can be pressed.
function unreachable(){$('overlay').hidden=true;buttons()}
)js";

}  // namespace bext::dashboard
