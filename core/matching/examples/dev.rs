use std::collections::BTreeMap; use std::io::{BufRead,BufReader};
use snowguard_advisory::{model::*, *}; use snowguard_matching::{*, package::Package, evidence::*, verdict::*};
fn lines(f:&str)->impl Iterator<Item=String>{ BufReader::new(std::fs::File::open(format!("/tmp/d/{f}")).unwrap()).lines().map(|l|l.unwrap()) }
fn main(){
  let args:Vec<String>=std::env::args().skip(1).collect();
  let lim=limits::Limits::default();
  let t=std::time::Instant::now();
  let mut adv:BTreeMap<String,Advisory>=BTreeMap::new();
  let mut put=|r:Record|{ let mut ids:Vec<String>=std::iter::once(&r.id).chain(&r.aliases).filter(|i|i.starts_with("CVE-")).cloned().collect(); if ids.is_empty(){ids.push(r.id.clone())} ids.dedup();
    for id in ids { adv.entry(id.clone()).or_insert_with(||Advisory{id,records:vec![],kev:None,epss:None}).records.push(r.clone()); } };
  let mut bad=0;
  for l in lines("cve5-records.jsonl"){ match cve5::read(l.as_bytes(),&lim){Ok(r)=>put(r.record),Err(e)=>{bad+=1; if bad<5{eprintln!("{e}")}}} }
  for l in lines("nvd-overrides-anchore.jsonl"){ match nvd::read(l.as_bytes(),&lim){Ok(r)=>put(r.record),Err(e)=>{bad+=1; if bad<15{eprintln!("{e}")}}} }
  for l in lines("osv-and-advisories.jsonl"){ if let Ok(r)=osv::read(l.as_bytes(),None,&lim){put(r.record)} else {bad+=1} }
  for a in adv.values_mut(){a.records.sort_by_key(|r|r.source)}
  eprintln!("{} advisories, bad {bad}, {:?}",adv.len(),t.elapsed());
  let t=std::time::Instant::now();
  let mut pk=vec![];
  for l in lines("nixpkgs-26.11pre-2026-07-14-packages.jsonl"){ let v:serde_json::Value=serde_json::from_str(&l).unwrap();
    let s=|v:&serde_json::Value|->Vec<String>{match v{serde_json::Value::String(s)=>vec![s.clone()],serde_json::Value::Array(a)=>a.iter().filter_map(|x|x.as_str().map(String::from)).collect(),_=>vec![]}};
    let m=&v["meta"]; let o=|v:&serde_json::Value|v.as_str().map(String::from);
    let mut p=Package{attr:o(&v["attr"]).unwrap(),name:o(&v["name"]).unwrap(),pname:o(&v["pname"]).unwrap_or_default(),version:o(&v["version"]).unwrap_or_default(),sources:s(&v["src"]),patches:s(&v["patches"]),homepages:s(&m["homepage"]),description:o(&m["description"]),known_vulnerabilities:s(&m["knownVulnerabilities"]),cpe:o(&m["cpe"]),possible_cpes:s(&m["possibleCPEs"]),purls:s(&m["purls"]),..Package::default()};
    p.links=s(&m["changelog"]); p.links.extend(s(&m["downloadPage"]));
    if p.pname.is_empty(){p.pname=p.name.clone()} pk.push(p); }
  let index=index::PackageIndex::new(pk); eprintln!("index {:?}",t.elapsed());
  let mut k=knowledge::Knowledge::default();
  let mut al=vec![];
  for l in lines("purl2cpe.jsonl"){ let v:serde_json::Value=serde_json::from_str(&l).unwrap(); for p in v["purls"].as_array().unwrap(){ for c in v["cpes"].as_array().unwrap(){ let c=c.as_str().unwrap().splitn(4,':').nth(3).unwrap().to_string(); al.push(knowledge::Alias{table:knowledge::AliasTable::Purl2cpe,left:p.as_str().unwrap().into(),right:c.splitn(2,':').nth(1).map(|x|x.to_string()).unwrap_or(c.clone())}); }}}
  for a in al.iter().take(3){eprintln!("{a:?}")}
  for l in lines("cve-bin-tool-checkers.jsonl"){ let v:serde_json::Value=serde_json::from_str(&l).unwrap(); for c in v["vendor_product"].as_array().unwrap(){ al.push(knowledge::Alias{table:knowledge::AliasTable::CveBinTool,left:v["checker"].as_str().unwrap().into(),right:format!("{}:{}",c[0].as_str().unwrap(),c[1].as_str().unwrap())}) } }
  k.set_aliases(al);
  let t=std::time::Instant::now();
  let facts:Vec<_>=adv.values().map(advisory_facts::AdvisoryFacts::new).collect();
  for f in &facts { k.learn(&f.ids[0],knowledge::Lesson::of(f)); }
  eprintln!("facts+learn {:?}",t.elapsed());
  let without:Vec<Evidence>=args.iter().filter_map(|a|a.parse().ok()).collect();
  let allowed=Allowed::without(&without);
  let t=std::time::Instant::now();
  let mut guesses=vec![]; let mut why:BTreeMap<(String,String),(Tier,String,String)>=BTreeMap::new(); let mut n=0;
  for f in &facts { if f.is_void {continue} for p in index.find(&keys::lookup(f,&k)) { n+=1; if let Some(t)=tie::tie(f,p,&k,allowed){
     let mut names=vec![p.package.pname.clone()]; if p.package.attr!=p.package.pname{names.push(p.package.attr.clone())}
     let e=(t.tier,t.reasons.iter().filter(|r|r.weight!=Weight::Note).map(|r|r.code.clone()).collect::<Vec<_>>().join("+"),p.package.attr.clone());
     let key=(f.ids[0].clone(),p.package.pname.clone()); match why.get(&key){Some(o) if o.0<=e.0=>{},_=>{why.insert(key,e);}}
     guesses.push(score::Guess{advisory:f.ids[0].clone(),names,tier:t.tier,verdict:Verdict::Unknown}); } } }
  eprintln!("match {:?} pairs {n} guesses {} shown {}",t.elapsed(),guesses.len(),guesses.iter().filter(|g|g.tier!=Tier::Low).count());
  let truth=score::Truth::parse(&std::fs::read_to_string("/tmp/d/cpe-closed-world-dev.jsonl").unwrap()).unwrap();
  let s=score::score(&truth,&guesses,&|_|true);
  println!("{:?}\n{:#?}",s.candidates,s.tiers);
  let mut by:BTreeMap<(Tier,String),(usize,usize)>=BTreeMap::new();
  for ((c,p),(t,w,_)) in &why { if truth.world.contains(p)&&truth.advisories.contains(c){ let e=by.entry((*t,w.clone())).or_default(); if truth.pairs.contains_key(&(c.clone(),p.clone())){e.0+=1}else{e.1+=1} } }
  if args.iter().any(|a|a=="by") {for (k,v) in by { println!("{:?} {:?}",k,v) }}
  if args.iter().any(|a|a=="fp"){ for e in &s.false_alarms { let c=&e.advisories[0]; println!("FP {} {} {:?} {:?}",e.count,e.package,e.advisories,why.get(&(c.clone(),e.package.clone()))); } }
  if args.iter().any(|a|a=="fn"){ for e in &s.misses { let c=&e.advisories[0]; println!("FN {} {} {:?} {:?}",e.count,e.package,e.advisories,why.get(&(c.clone(),e.package.clone()))); } }
}
