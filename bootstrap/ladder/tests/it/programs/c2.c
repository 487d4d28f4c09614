#define MAX(a,b) ((a)>(b)?(a):(b))
#define STR(x) #x
#define XSTR(x) STR(x)
#define CAT(a,b) a##b
#if defined(__C2__) && MAX(1,2)==2
int ok = 1;
#else
#error no
#endif
typedef unsigned char u8;
typedef struct { int a:3; unsigned b:5; int c; union { double d; long l; } u; } S;
static int fib(int n) { return n < 2 ? n : fib(n-1)+fib(n-2); }
int arr[] = {1,2,3,[5]=9,7};
const char *names[] = {"zero", "one" "two", XSTR(MAX(1,2))};
struct P { int x, y; } pts[3] = {{1,2},{.y=4,.x=3},5,6};
int (*fp)(int) = fib;
int len(const char *s){int n=0;while(*s++)n++;return n;}
void puts_(const char *s){syscall(1,1,s,len(s));}
void num(long n){char b[30];int i=29;b[i]=0;if(n<0){puts_("-");n=-n;}do{b[--i]='0'+n%10;n/=10;}while(n);puts_(b+i);}
void show(char *w,long n){puts_(w);puts_("=");num(n);puts_("\n");}
int sw(int x){switch(x){case 1:return 10;case 2:case 3:x+=100;break;case -5:goto end;default:x=7;}
 return x; end: return -1;}
#ifdef __GNUC__
typedef __builtin_va_list va_list;
#define va_start __builtin_va_start
#define va_arg __builtin_va_arg
#else
typedef char *va_list;
#define va_start(ap,l) (ap=(char*)&(l)+((sizeof(l)+7)&-8))
#define va_arg(ap,t) (*(t*)((ap+=((sizeof(t)+7)&-8))-((sizeof(t)+7)&-8)))
#endif
long sum(int n,...){va_list ap;long s=0;va_start(ap,n);while(n--)s+=va_arg(ap,int);return s;}
double half(float f){return f/2;}
int main(int argc,char**argv){
 S s; s.a=-3; s.b=29; s.c=5; s.u.d=2.5;
 show("a",s.a);show("b",s.b);show("c",s.c);show("size",sizeof(S));
 show("d",s.u.d*4);show("half",half(7.0f)*100);
 S t; t=s; t.b++; show("t.b",t.b); show("fib",fp(15));
 show("arr",sizeof arr/sizeof arr[0]); show("arr5",arr[5]+arr[6]);
 puts_(names[2]);puts_("\n");puts_(names[1]);puts_("\n");
 show("pts",pts[0].x*1000+pts[1].x*100+pts[1].y*10+pts[2].y);
 show("sw",sw(1)*10000+sw(2)*10+sw(-5)+sw(99));
 show("sum",sum(4,1,2,3,-10));
 unsigned u=0xffffffff; show("u",u); show("u+1",u+1); show("u>>1",u>>1); show("-1>u?",(-1>0u));
 long l=1L<<40; show("l",l); short sh=70000; show("sh",sh); u8 c=300; show("c",c);
 unsigned long ul=-1; show("ul/10",ul/10>>1); show("ulmod",ul%1000);
 double d=1e3; d/=8; d+=0.5; show("dd",d*10); show("cmp",(d<126)+(d>125)*2+(d==125.5)*4+(d!=1)*8);
 long double ld=0x1p10L; show("ld",ld*3); int i; int loc[]={3,4,5}; struct P pp={7}; show("loc",loc[2]*100+pp.x*10+pp.y);
 for(i=0,l=0;i<5;i++){if(i==3)continue;l+=i;} show("for",l);
 show("cond",argc>0&&argv!=0||0); int CAT(x,y)=12; xy<<=2; xy|=1; xy%=10; show("xy",xy);
 ul = 18446744073709551615UL; d = ul; show("fromul", d == 18446744073709551616.0); ul = (unsigned long)1e19; show("toul", ul == 10000000000000000000UL);
 show("line",__LINE__);
 return ok; }
