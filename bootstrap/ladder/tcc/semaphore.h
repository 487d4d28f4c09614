// One thread only.
#include <libc.h>
typedef int sem_t;
#define sem_init(s, shared, value) 0
#define sem_wait(s) 0
#define sem_post(s) 0
